import { z } from 'zod';
import { MAX_MESSAGE_CHARACTERS, parseMode, templateText } from './reply.ts';
import { text, withRule } from './rules.ts';

const MAX_BUTTON_CHARACTERS = 64;
/** Telegram's limit for what a press is answered with. */
const MAX_NOTICE_CHARACTERS = 200;

const buttonText = (description: string) =>
  text({ maxLength: MAX_BUTTON_CHARACTERS }).meta({
    minLength: 1,
    maxLength: MAX_BUTTON_CHARACTERS,
    description,
  });

const notice = (description: string) =>
  text({ maxLength: MAX_NOTICE_CHARACTERS }).meta({
    minLength: 1,
    maxLength: MAX_NOTICE_CHARACTERS,
    description: `${description}, up to 200 characters.`,
  });

const requiredChatSchema = withRule(
  z.strictObject({
    chat: z
      .string()
      .max(64)
      .regex(/^(@[A-Za-z][A-Za-z0-9_]{3,31}|-[1-9]\d{0,15})$/, {
        error:
          'must be the @username of a channel or group, or its id, which is negative, in quotes',
      })
      .meta({ description: 'The channel or group: its @username, or its id in quotes.' }),
    title: buttonText('What users know it by. Its @username, or "chat", unless given.').optional(),
    joinUrl: z
      .string()
      .max(256)
      .regex(/^https:\/\/(t|telegram)\.me\/[!-~]+$/, {
        error: 'must be an https://t.me/ address, such as an invite link',
      })
      .optional()
      .meta({ description: 'Where one joins it. Needed where chat is an id.' }),
  }),
  {
    cel: "has(self.joinUrl) || self.chat.startsWith('@')",
    message:
      'a chat named by its id needs a joinUrl (an invite link): nobody could join it otherwise',
    holds: ({ chat, joinUrl }) => joinUrl !== undefined || chat.startsWith('@'),
  },
);

const promptSchema = z
  .strictObject({
    text: templateText(
      MAX_MESSAGE_CHARACTERS,
      'What a user is told who has not joined, up to 4096 characters.',
    ).default('{firstName}, to write here please join first, then press the last button.'),
    parseMode,
    joinButton: buttonText(
      'What stands before the name of a chat on the button that leads to it.',
    ).default('Join'),
    verifyButton: buttonText('What stands on the button of those who have joined.').default(
      'I have joined',
    ),
    welcome: notice('What they are told then').default('Thank you. You may write now.'),
    notYet: notice('What is told to who presses it without having joined').default(
      'You have not joined everything yet.',
    ),
    notYours: notice("What is told to who presses somebody else's button").default(
      'This button is for somebody else.',
    ),
  })
  .meta({ description: 'The message with the buttons.' });

export const ON_LEAVE = ['Restrict', 'Ignore'] as const;
export const FAILURE_POLICIES = ['Ignore', 'Fail'] as const;

/** `membershipGate` of a handler: who may write in the groups that the bot is in. */
export const membershipGateSchema = z
  .strictObject({
    requires: z
      .array(requiredChatSchema)
      .min(1)
      .max(10)
      .meta({ description: 'The channels and groups to be in, all of them.' }),
    prompt: promptSchema.prefault({}),
    promptPrivately: z.boolean().default(false).meta({
      description:
        'Whether the prompt goes to the private chat with the bot, where the user has one; else to the group.',
    }),
    restrictUntilVerified: z.boolean().default(true).meta({
      description:
        'Whether who has not joined is kept from writing. Else they may write, and the bot answers with the prompt alone.',
    }),
    onLeave: z.enum(ON_LEAVE).default('Restrict').meta({
      description:
        'What happens to a verified user who leaves: Restrict asks anew, at once where that is seen; Ignore lets the user be until the bot starts anew.',
    }),
    recheckSeconds: z.int().min(30).max(86_400).default(300).meta({
      description:
        'How long a membership that was seen counts, and after what time those who were asked to join are looked up again.',
    }),
    exemptAdmins: z
      .boolean()
      .default(true)
      .meta({ description: 'Whether administrators of the group need not join.' }),
    failurePolicy: z.enum(FAILURE_POLICIES).default('Ignore').meta({
      description:
        'What holds while Telegram does not tell who has joined: Ignore lets everybody write, Fail nobody who is not known to have joined.',
    }),
  })
  .meta({
    description:
      'Lets only members of other chats write in the groups that the bot is in. What it lets pass goes on to the handlers after it.',
  });

export type MembershipGate = z.output<typeof membershipGateSchema>;
export type RequiredChat = MembershipGate['requires'][number];
