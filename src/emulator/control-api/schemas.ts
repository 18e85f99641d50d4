import { z } from 'zod';
import { ADMIN_RIGHTS } from '../permissions.ts';
import { CHAT_TYPES, MEMBER_STATUSES, type TgMessage } from '../telegram-types.ts';
import { UPDATE_FATES } from '../update-queue.ts';

/** Longest wait for a condition. */
const MAX_WAIT_MS = 600_000;
/** Longest text that can be sent: far beyond what Telegram takes, to try bad input with. */
const MAX_TEXT_CHARS = 1_000_000;

export const botRef = z
  .union([z.int().positive(), z.string().min(1)])
  .describe('a bot by its id or its username');
const userId = z.int().positive().describe('id of a user');
const chatId = z.int().describe('id of a chat; a private chat has the id of its user');
const username = z.string().regex(/^@?[A-Za-z][A-Za-z0-9_]{2,31}$/);
const wallMs = z.number().describe('milliseconds since the epoch by the clock of the emulator');

export const newBot = z.strictObject({
  token: z
    .string()
    .optional()
    .describe('made up where it is missing; the same token finds the same bot'),
  username: username.optional(),
  name: z.string().min(1).max(64).optional(),
  readsAllGroupMessages: z
    .boolean()
    .optional()
    .describe('privacy mode off; on unless told otherwise'),
});
export const bot = z.object({
  id: z.number(),
  username: z.string(),
  name: z.string(),
  pendingUpdates: z.number(),
  polling: z.boolean(),
  webhookUrl: z.string().nullable(),
});
export const madeBot = bot.extend({ token: z.string() });
export const reissue = z.strictObject({
  flutterMs: z.int().min(0).default(0).describe('the new token is refused for this long'),
  flutterStatus: z.literal([401, 504]).default(401).describe('what it answers until then'),
});
export const newToken = z.object({ token: z.string() });

export const newUser = z.strictObject({
  firstName: z.string().min(1).max(64),
  lastName: z.string().min(1).max(64).optional(),
  username: username.optional().describe('the same username finds the same user'),
  languageCode: z.string().optional(),
});
export const user = z.object({
  id: z.number(),
  firstName: z.string(),
  lastName: z.string().optional(),
  username: z.string().optional(),
});

export const newChat = z.strictObject({
  type: z.enum(CHAT_TYPES).exclude(['private']),
  title: z.string().min(1).max(128),
  username: username.optional().describe('the same username finds the same chat'),
});
export const chat = z.object({
  id: z.number(),
  type: z.enum(CHAT_TYPES),
  title: z.string().optional(),
  username: z.string().optional(),
  members: z.number(),
});
export const newMember = z.strictObject({
  user: z.int().positive().describe('id of a user or of a bot'),
  status: z.enum(MEMBER_STATUSES).default('member'),
  rights: z
    .partialRecord(z.enum(ADMIN_RIGHTS), z.boolean())
    .optional()
    .describe('of an administrator, where they are not the usual ones'),
  by: userId.optional().describe('who did it; the member itself where missing'),
});

export const text = z.strictObject({
  bot: botRef.optional(),
  from: userId,
  chat: chatId.optional().describe('the private chat with the bot where missing'),
  text: z.string().max(MAX_TEXT_CHARS),
  replyTo: z.int().positive().optional().describe('message_id'),
});
export const sentText = z.object({
  messageId: z.number(),
  chatId: z.number(),
  updateId: z.number().nullable().describe('null where the bot does not get this update'),
});
export const press = z.strictObject({
  bot: botRef,
  from: userId,
  chat: chatId.optional(),
  messageId: z.int().positive(),
  data: z.string().optional().describe('any data; that of the button where missing'),
  button: z.string().optional().describe('the text of the button; the first one where missing'),
});
export const pressed = z.object({ callbackQueryId: z.string(), updateId: z.number().nullable() });
export const joinRequest = z.strictObject({ chat: chatId, from: userId });
export const block = z.strictObject({
  bot: botRef,
  from: userId,
  blocked: z.boolean().default(true),
});
export const rawUpdate = z.strictObject({
  bot: botRef,
  body: z.record(z.string(), z.unknown()).describe('an update of any shape; update_id is added'),
});
export const rawSent = z.object({ updateId: z.number().nullable() });
export const messagesQuery = z.object({
  bot: z.string().optional(),
  chat: z.coerce.number().int(),
});
export const messages = z.object({ messages: z.array(z.custom<TgMessage>()) });

const when = z
  .enum(['before', 'after'])
  .default('before')
  .describe('whether the call has taken effect by then');
const status = z.int().min(200).max(599);
export const effect = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    description: z.string().optional(),
    retryAfterSeconds: z
      .union([z.number(), z.string().regex(/^[\x21-\x7e]{1,64}$/)])
      .optional()
      .describe('anything that a broken server may say: 0, -1, 1000000000, "x"'),
  }),
  z.strictObject({ kind: z.literal('delay'), delayMs: z.int().positive() }),
  z.strictObject({ kind: z.literal('reset'), when }),
  z.strictObject({ kind: z.literal('hang'), when }),
  z.strictObject({ kind: z.literal('truncate') }),
  z.strictObject({ kind: z.literal('html'), status: status.default(502) }),
  z.strictObject({ kind: z.literal('empty'), status: status.default(200) }),
  z.strictObject({ kind: z.literal('not-ok'), description: z.string().default('Bad Request') }),
]);
export const newFault = z.strictObject({
  bot: botRef.optional(),
  method: z.string().optional(),
  chat: chatId.optional(),
  share: z.number().min(0).max(1).default(1).describe('the share of matching calls that meet it'),
  count: z.int().positive().optional().describe('how many calls meet it; no end where missing'),
  effect,
});
export const fault = z.object({
  id: z.number(),
  botId: z.number().optional(),
  method: z.string().optional(),
  chatId: z.number().optional(),
  share: z.number(),
  count: z.number().optional(),
  hits: z.number(),
  effect,
});
export const faults = z.object({ faults: z.array(fault) });

const botName = z.object({ id: z.number(), username: z.string() });
export const call = z.object({
  seq: z.number(),
  bot: botName.nullable().describe('null where the token was not good'),
  method: z.string(),
  via: z.enum(['request', 'webhook-answer']),
  parameters: z.record(z.string(), z.string()),
  startedAtMs: wallMs,
  endedAtMs: wallMs.nullable(),
  outcome: z
    .object({
      status: z.number().describe('0 where nothing was answered'),
      ok: z.boolean().describe('whether the method did its work'),
      description: z.string().optional(),
      messageId: z.number().optional(),
      fault: z.string().optional(),
      limit: z.string().optional().describe('which of the limits in force refused the call'),
      clientGone: z.boolean().optional(),
    })
    .nullable()
    .describe('null while the call is under way'),
});
export const calls = z.object({ calls: z.array(call), lastSeq: z.number(), dropped: z.number() });
export const update = z.object({
  seq: z.number(),
  bot: botName,
  updateId: z.number(),
  kind: z.string(),
  chatId: z.number().nullable(),
  createdAtMs: wallMs,
  deliveries: z.array(
    z.object({ atMs: wallMs, via: z.enum(['poll', 'webhook']), outcome: z.string() }),
  ),
  deliveryCount: z.number(),
  fate: z.enum(['pending', ...UPDATE_FATES]),
  settledAtMs: wallMs.nullable(),
});
export const updates = z.object({
  updates: z.array(update),
  lastSeq: z.number(),
  dropped: z.number(),
});
const seq = z.coerce.number().int().min(0).optional();
export const updatesQuery = z.object({
  bot: z.string().optional(),
  since: seq.describe('only what came after this sequence number'),
  limit: z.coerce.number().int().min(1).max(100_000).default(1_000),
});
export const callsQuery = updatesQuery.extend({ method: z.string().optional() });

export const condition = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('calls'),
    bot: botRef.optional(),
    method: z.string().optional(),
    chat: z.union([z.int(), z.string()]).optional(),
    text: z.string().optional().describe('contained in the text of the call'),
    ok: z
      .boolean()
      .optional()
      .describe('only calls that did their work, or only those that failed'),
    since: z.int().min(0).optional(),
    count: z.int().positive().default(1),
  }),
  z.strictObject({ kind: z.literal('confirmed'), bot: botRef }),
  z.strictObject({ kind: z.literal('polling'), bot: botRef }),
]);
export const wait = z.strictObject({
  condition,
  timeoutMs: z.int().min(0).max(MAX_WAIT_MS).default(5_000).describe('in real time'),
});
export const waited = z.object({ met: z.boolean(), calls: z.array(call) });

export const advance = z.strictObject({ ms: z.int().positive() });
export const clock = z.object({ nowMs: wallMs });
export const idParam = z.object({ id: z.coerce.number().int() });
export const botParam = z.object({ bot: z.string() });
export const nothing = z.strictObject({});
export const done = z.object({ done: z.literal(true) });
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
});
