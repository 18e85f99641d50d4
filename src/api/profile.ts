import { z } from 'zod';
import { text, withRule } from './rules.ts';

const MAX_LANGUAGES = 30;

const commandSchema = z.strictObject({
  command: z
    .string()
    .max(32)
    .regex(/^[a-z0-9_]{1,32}$/, { error: 'must be 1 to 32 of a–z 0–9 _, without the slash' })
    .meta({ description: 'The command without its slash.' }),
  description: text({ maxLength: 256 }).meta({
    minLength: 1,
    maxLength: 256,
    description: 'What it does.',
  }),
});

const fields = {
  name: text({ maxLength: 64 })
    .optional()
    .meta({ minLength: 1, maxLength: 64, description: 'The name that users see.' }),
  description: text({ maxLength: 512 }).optional().meta({
    minLength: 1,
    maxLength: 512,
    description: 'What an empty chat with the bot shows.',
  }),
  shortDescription: text({ maxLength: 120 }).optional().meta({
    minLength: 1,
    maxLength: 120,
    description: "What the bot's profile page shows, and what is sent with its link.",
  }),
  commands: z.array(commandSchema).max(100).optional().meta({
    description: 'The commands that its menu shows, in this order.',
  }),
};

const languagesSchema = withRule(
  z.record(z.string(), z.strictObject(fields)).meta({
    description:
      'The same for users of a language, by its two-letter code (ISO 639-1). What is left out is as in the default.',
    maxProperties: MAX_LANGUAGES,
  }),
  {
    cel: "self.all(code, code.matches('^[a-z]{2}$'))",
    message: `must have two-letter language codes such as de as its keys, at most ${MAX_LANGUAGES}`,
    holds: (languages) => {
      const codes = Object.keys(languages);
      return codes.length <= MAX_LANGUAGES && codes.every((code) => /^[a-z]{2}$/.test(code));
    },
  },
);

/** `spec.profile` of a TenantBot: how the bot presents itself at Telegram. */
export const profileSchema = z
  .strictObject({ ...fields, languages: languagesSchema.optional() })
  .meta({
    description:
      'How the bot presents itself. Kept in step with Telegram; what is left out is left as it is there.',
  });

export type Profile = z.output<typeof profileSchema>;
export type ProfileTexts = Omit<Profile, 'languages'>;
