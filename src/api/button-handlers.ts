import { z } from 'zod';
import {
  buttonsSchema,
  MAX_MESSAGE_CHARACTERS,
  parseMode,
  replySchema,
  templateText,
} from './reply.ts';
import { withRule } from './rules.ts';

const MAX_CALLBACK_CHARACTERS = 64;
/** The limit of Telegram for the answer to a press. */
export const MAX_ANSWER_CHARACTERS = 200;

const data = (description: string) =>
  z.string().min(1).max(MAX_CALLBACK_CHARACTERS).optional().meta({ description });

const editSchema = z
  .strictObject({
    text: templateText(MAX_MESSAGE_CHARACTERS, 'The new text, up to 4096 characters.'),
    parseMode,
    buttons: buttonsSchema.optional(),
  })
  .meta({
    description:
      'What the message with the button becomes. Its buttons go unless new ones are given.',
  });

const answerSchema = z
  .strictObject({
    text: templateText(MAX_ANSWER_CHARACTERS, 'Words that the user sees for a moment, up to 200.'),
    alert: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether they stand in a box that the user must close.' }),
  })
  .meta({
    description: 'What the press is answered with. It is answered without words unless given.',
  });

/** Answers a press of one of the bot's own buttons. */
export const callbackSchema = withRule(
  withRule(
    z
      .strictObject({
        data: data('The whole data of the button.'),
        prefix: data('How the data of the button begins; what follows is {args}.'),
        answer: answerSchema.optional(),
        edit: editSchema.optional(),
        reply: replySchema.optional(),
      })
      .meta({ description: "Answers a press of one of the bot's own buttons." }),
    {
      cel: 'has(self.data) != has(self.prefix)',
      message: 'give exactly one of data and prefix',
      holds: (match) => (match.data === undefined) !== (match.prefix === undefined),
    },
  ),
  {
    cel: 'has(self.answer) || has(self.edit) || has(self.reply)',
    message: 'give at least one of answer, edit and reply',
    holds: ({ answer, edit, reply }) => (answer ?? edit ?? reply) !== undefined,
  },
);

export const JOIN_DECISIONS = ['Approve', 'Decline', 'Leave'] as const;

/** Answers a request to join a chat. */
export const joinRequestSchema = z
  .strictObject({
    chat: z
      .string()
      .max(64)
      .regex(/^(@[A-Za-z0-9_]{4,32}|-\d{1,19})$/, {
        error: 'must be the @username of a chat, or its id, which is negative, in quotes',
      })
      .optional()
      .meta({
        description: 'The chat that it is about. All that the bot administers unless given.',
      }),
    decision: z.enum(JOIN_DECISIONS).default('Approve').meta({
      description: 'What becomes of the request; Leave leaves it to an administrator.',
    }),
    reply: replySchema.optional().meta({
      description: 'What the user is sent in private, before the request is decided.',
    }),
  })
  .meta({ description: 'Answers a request to join a group or channel.' });

export type CallbackHandler = z.output<typeof callbackSchema>;
export type JoinRequestHandler = z.output<typeof joinRequestSchema>;
