import { z } from 'zod';
import { countCharacters, text, withRule } from './rules.ts';
import { PLACEHOLDERS, parseTemplate, TEMPLATE_PATTERN } from './template.ts';

/** Telegram's limit for the text of one message, in characters. */
export const MAX_MESSAGE_CHARACTERS = 4096;
/** Its limit for the text below a picture or a file. */
export const MAX_CAPTION_CHARACTERS = 1024;
/** Its limits for keyboards. */
const MAX_ROWS = 20;
const MAX_BUTTONS_A_ROW = 8;
const MAX_CALLBACK_BYTES = 64;

const PLACEHOLDER_WORDS = PLACEHOLDERS.map((name) => `{${name}}`).join(', ');

/** Text with placeholders, checked when the manifest is read. */
export function templateText(maxLength: number, description: string) {
  return text({ maxLength })
    .superRefine((value, context) => {
      const parsed = parseTemplate(value);
      if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
    })
    .meta({
      minLength: 1,
      maxLength,
      'x-kubernetes-validations': [
        {
          rule: `self.matches(r'${TEMPLATE_PATTERN}')`,
          message: `may hold only the placeholders ${PLACEHOLDER_WORDS}; write {{ and }} for plain braces`,
        },
      ],
      description: `${description} May hold the placeholders {firstName}, {username}, {args} and {botName}, which are escaped for the parse mode; write {{ and }} for plain braces.`,
    });
}

export const PARSE_MODES = ['None', 'HTML', 'MarkdownV2'] as const;
export type ParseMode = (typeof PARSE_MODES)[number];

/** How Telegram reads a text. */
export const parseMode = z.enum(PARSE_MODES).default('None').meta({
  description: 'How Telegram reads the text: as it stands, as HTML or as MarkdownV2.',
});

const callbackData = withRule(
  z.string().min(1).max(MAX_CALLBACK_BYTES).meta({
    description:
      'What the bot is told when the button is pressed, up to 64 bytes; a callback handler answers it.',
  }),
  {
    cel: `size(bytes(self)) <= ${MAX_CALLBACK_BYTES}`,
    message: `must have at most ${MAX_CALLBACK_BYTES} bytes in UTF-8`,
    holds: (data) => Buffer.byteLength(data) <= MAX_CALLBACK_BYTES,
  },
);

const buttonSchema = withRule(
  z.strictObject({
    text: text({ maxLength: 64 }).meta({
      minLength: 1,
      maxLength: 64,
      description: 'What stands on the button.',
    }),
    callback: callbackData.optional(),
    url: z
      .string()
      .max(2048)
      .regex(/^(https?|tg):\/\/[!-~]+$/, { error: 'must be an http://, https:// or tg:// address' })
      .optional()
      .meta({ description: 'Address that the button opens.' }),
  }),
  {
    cel: 'has(self.callback) != has(self.url)',
    message: 'a button has exactly one of callback and url',
    holds: ({ callback, url }) => (callback === undefined) !== (url === undefined),
  },
);

/** Rows of buttons below a message. */
export const buttonsSchema = z
  .array(z.array(buttonSchema).min(1).max(MAX_BUTTONS_A_ROW))
  .min(1)
  .max(MAX_ROWS)
  .meta({ description: 'Rows of buttons below the message.' });

const fileRef = (what: string) =>
  z
    .string()
    .max(2048)
    .regex(/^(https?:\/\/[!-~]+|[A-Za-z0-9_-]{10,})$/, {
      error: 'must be an http:// or https:// address, or the file_id of a file at Telegram',
    })
    .optional()
    .meta({
      description: `${what}: an address that Telegram fetches, or the file_id of a file that it has.`,
    });

/** The message to answer with. */
export const replySchema = withRule(
  withRule(
    z
      .strictObject({
        text: templateText(
          MAX_MESSAGE_CHARACTERS,
          'Text to send, up to 4096 characters; 1024 below a photo or document.',
        ).optional(),
        parseMode,
        photo: fileRef('Picture to send'),
        document: fileRef('File to send'),
        buttons: buttonsSchema.optional(),
      })
      .meta({ description: 'The message to answer with.' }),
    {
      cel: '(has(self.text) || has(self.photo) || has(self.document)) && !(has(self.photo) && has(self.document))',
      message:
        'give text, and at most one of photo and document; a photo or document needs no text',
      holds: ({ text, photo, document }) =>
        (text ?? photo ?? document) !== undefined &&
        (photo === undefined || document === undefined),
    },
  ),
  {
    cel: `!(has(self.photo) || has(self.document)) || !has(self.text) || size(self.text) <= ${MAX_CAPTION_CHARACTERS}`,
    message: `the text below a photo or document must have at most ${MAX_CAPTION_CHARACTERS} characters`,
    holds: ({ text, photo, document }) =>
      (photo ?? document) === undefined || countCharacters(text ?? '') <= MAX_CAPTION_CHARACTERS,
  },
);

export type Reply = z.output<typeof replySchema>;
export type Buttons = z.output<typeof buttonsSchema>;
