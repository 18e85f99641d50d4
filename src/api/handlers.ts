import { RE2JS, RE2JSSyntaxException } from 're2js';
import { z } from 'zod';
import { UPDATE_KINDS } from '../lib/update-kinds.ts';
import { callbackSchema, joinRequestSchema } from './button-handlers.ts';
import { membershipGateSchema } from './membership-gate.ts';
import { replySchema } from './reply.ts';
import { text, withRule } from './rules.ts';

/** Bot API methods that a forward service may ask for unless the manifest says otherwise. */
export const DEFAULT_FORWARD_METHODS = [
  'sendMessage',
  'sendPhoto',
  'sendDocument',
  'sendChatAction',
  'editMessageText',
  'deleteMessage',
  'answerCallbackQuery',
];

/**
 * Calls that change what the operator itself manages; no service may ask for them. In lower case,
 * since Telegram takes method names in any.
 */
const MANAGED_METHODS = ['getupdates', 'setwebhook', 'deletewebhook', 'close', 'logout'];

const commandSchema = z
  .strictObject({
    name: z
      .string()
      .max(32)
      .regex(/^[A-Za-z0-9_]{1,32}$/, {
        error: 'must be 1 to 32 of A–Z a–z 0–9 _, without the slash in front',
      })
      .meta({
        description:
          'The command without its slash. Case does not matter; /name@bot is understood.',
      }),
    reply: replySchema,
  })
  .meta({ description: 'Answers a command such as /start.' });

const matchText = (description: string) =>
  text({ maxLength: 512 }).meta({ minLength: 1, maxLength: 512, description });

const patternText = withRule(
  matchText(
    'A regular expression in RE2 syntax, found anywhere in the text. RE2 runs in linear time; look-around and back-references do not exist.',
  ),
  {
    // A pattern that does not compile makes the evaluation itself fail, and so the rule.
    cel: "''.matches(self) ? true : true",
    message: 'is not a regular expression that RE2 understands',
    holds: (pattern) => patternFault(pattern) === undefined,
    because: patternFault,
  },
);

const textSchema = withRule(
  z
    .strictObject({
      exact: matchText('The whole text of the message.').optional(),
      prefix: matchText('How the text of the message begins.').optional(),
      pattern: patternText.optional(),
      ignoreCase: z
        .boolean()
        .default(false)
        .meta({ description: 'Whether upper and lower case are the same.' }),
      reply: replySchema,
    })
    .meta({ description: 'Answers a message by its text.' }),
  {
    cel: '(has(self.exact) ? 1 : 0) + (has(self.prefix) ? 1 : 0) + (has(self.pattern) ? 1 : 0) == 1',
    message: 'give exactly one of exact, prefix and pattern',
    holds: (match) => countDefined(match.exact, match.prefix, match.pattern) === 1,
  },
);

/** Where a value lies: a key of a Secret in the bot's own namespace. */
export function secretRefSchema(defaultKey: string, what: string) {
  return z
    .strictObject({
      name: z
        .string()
        .max(253)
        .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
          error: 'must be the name of a Secret: lower-case letters, digits, "-" and "."',
        })
        .meta({ description: "Name of a Secret in the bot's own namespace." }),
      key: z
        .string()
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/, { error: 'must be a key of a Secret: letters, digits, - _ .' })
        .default(defaultKey)
        .meta({ description: 'Key in that Secret.' }),
    })
    .meta({ description: what });
}

const forwardSchema = z
  .strictObject({
    url: z
      .string()
      .max(2048)
      .regex(/^https?:\/\/[A-Za-z0-9.\-_[\]:]+([/?][!"$-~]*)?$/, {
        error: 'must be an http:// or https:// address without user, password or fragment',
      })
      .meta({ description: 'Address that each update is POSTed to. Redirects are not followed.' }),
    signingSecretRef: secretRefSchema(
      'signingKey',
      'Key of the HMAC-SHA256 signature over timestamp and body (header X-TenantBot-Signature), by which the service knows who calls.',
    ),
    updates: z.array(z.enum(UPDATE_KINDS)).min(1).max(UPDATE_KINDS.length).optional().meta({
      description: 'Kinds of update to forward. All that Telegram sends by default unless given.',
    }),
    methods: z
      .array(
        withRule(
          z
            .string()
            .max(64)
            .regex(/^[a-z][A-Za-z]{2,63}$/, { error: 'must be the name of a Bot API method' }),
          {
            cel: `!(self.lowerAscii() in ${JSON.stringify(MANAGED_METHODS).replaceAll('"', "'")})`,
            message:
              "getUpdates, setWebhook, deleteWebhook, close and logOut are the operator's own",
            holds: (method) => !MANAGED_METHODS.includes(method.toLowerCase()),
          },
        ),
      )
      .min(1)
      .max(64)
      .default(DEFAULT_FORWARD_METHODS)
      .meta({ description: 'Bot API methods that the service may answer with.' }),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(10)
      .meta({ description: 'How long the service may take for one update.' }),
    errorReply: replySchema.optional().meta({
      description: 'What the user is told when the service fails for good. Nothing unless given.',
    }),
  })
  .meta({
    description:
      "Hands the update to the tenant's own HTTP service, which answers with nothing, one Bot API call or a list of them.",
  });

const handlerKinds = {
  command: commandSchema.optional(),
  text: textSchema.optional(),
  callback: callbackSchema.optional(),
  joinRequest: joinRequestSchema.optional(),
  membershipGate: membershipGateSchema.optional(),
  forward: forwardSchema.optional(),
};
const KINDS = Object.keys(handlerKinds) as readonly (keyof typeof handlerKinds)[];

/** One entry of `spec.handlers`: exactly one kind. The first that fits an update handles it. */
export const handlerSchema = withRule(z.strictObject(handlerKinds), {
  cel: `${KINDS.map((kind) => `(has(self.${kind}) ? 1 : 0)`).join(' + ')} == 1`,
  message: `a handler is exactly one of ${KINDS.join(', ')}; give each an entry of its own`,
  holds: (handler) => countDefined(...KINDS.map((kind) => handler[kind])) === 1,
});

/** `spec.handlers` of a TenantBot. */
export const handlersSchema = withRule(
  z.array(handlerSchema).min(1).max(100).meta({
    description: 'What the bot does. The first handler that fits an update handles it.',
  }),
  {
    cel: 'self.all(one, !has(one.command) || self.filter(other, has(other.command) && other.command.name.lowerAscii() == one.command.name.lowerAscii()).size() == 1)',
    message:
      'two handlers answer the same command, and the second would never be asked; case does not matter',
    holds: (handlers) => repeatedCommand(handlers) === undefined,
    because: (handlers) => repeatedCommand(handlers),
  },
);

export type CommandHandler = z.output<typeof commandSchema>;
export type TextHandler = z.output<typeof textSchema>;
export type ForwardHandler = z.output<typeof forwardSchema>;
export type Handler = z.output<typeof handlerSchema>;
export type SecretRef = z.output<ReturnType<typeof secretRefSchema>>;

/** A command that two handlers answer. */
function repeatedCommand(handlers: readonly Handler[]): string | undefined {
  const seen = new Set<string>();
  for (const { command } of handlers) {
    const name = command?.name.toLowerCase();
    if (name !== undefined && seen.has(name)) return `/${name}`;
    if (name !== undefined) seen.add(name);
  }
  return undefined;
}

function countDefined(...values: readonly unknown[]): number {
  return values.filter((value) => value !== undefined).length;
}

/** What is wrong with a pattern, in RE2's words. Never quotes it. */
function patternFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof RE2JSSyntaxException ? error.getDescription() : 'it is too complex';
  }
}
