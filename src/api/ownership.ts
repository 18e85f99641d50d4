import { z } from 'zod';

/** `spec.ownership` of a TenantBot. */
export const ownershipSettingsSchema = z
  .strictObject({
    required: z.boolean().default(false).meta({
      description:
        'Whether the bot waits for its owner: handlers run only once somebody has sent the code in status.ownership.code to the bot.',
    }),
  })
  .meta({ description: 'Proof that who runs the bot also reaches it in Telegram.' });

const time = (description: string) => z.string().meta({ format: 'date-time', description });

export const ownershipStatusSchema = z
  .strictObject({
    code: z.string().max(64).optional().meta({
      description: 'What the owner is to send to the bot in a private chat. Gone once it was sent.',
    }),
    expiresAt: time('When the code is replaced by another.').optional(),
    verifiedBy: z
      .int()
      .optional()
      .meta({ format: 'int64', description: 'Id of the Telegram user who sent the code.' }),
    verifiedAt: time('When the code was sent.').optional(),
  })
  .meta({ description: 'Who has proved to own the bot, or how to do so.' });

/** Either a code and its end, or who has sent it and when. */
export type OwnershipStatus = z.output<typeof ownershipStatusSchema>;
