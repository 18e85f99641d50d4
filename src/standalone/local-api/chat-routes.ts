import { z } from 'zod';
import { RequestProblem } from '../../admin/problem.ts';
import type { TenantBot } from '../../api/tenant-bot.ts';
import { type Conversation, MAX_TEXT_CHARACTERS } from '../emulated/conversation.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Api } from './api.ts';
import { EventStream, NDJSON } from './event-stream.ts';
import { find, OBJECTS_PATH } from './object-routes.ts';

/** A held request is asked again after this long, so that a reader who has left is noticed. */
const HOLD_MS = 20_000;

const botParams = z.object({ namespace: z.string(), name: z.string() });
const as = z.string().max(64, { error: 'must have at most 64 characters' });

/** What the routes work with. */
export interface ChatDeps {
  readonly objects: ObjectStore;
  /** Undefined where bots talk to the real Telegram. */
  readonly conversation: Conversation | undefined;
  readonly streams: Set<EventStream>;
}

/** Talking to a bot as a user. */
export function addChatRoutes(api: Api, deps: ChatDeps): void {
  const path = `${OBJECTS_PATH}/namespaces/:namespace/tenantbots/:name/messages`;
  const body = z.strictObject({
    as,
    text: z
      .string()
      .min(1, { error: 'must not be empty' })
      .max(MAX_TEXT_CHARACTERS, { error: `must have at most ${MAX_TEXT_CHARACTERS} characters` }),
    timeoutMs: z.int().min(0).max(600_000).optional(),
  });
  api.post(path, { schema: { params: botParams, body } }, async ({ params, body }) => {
    const { conversation, botId } = partner(deps, params);
    const { timeoutMs, ...said } = body;
    const utterance = { ...said, botId };
    if (timeoutMs !== undefined) return conversation.ask(utterance, timeoutMs);
    await conversation.say(utterance);
    return { messages: [], handled: false };
  });
  api.get(
    path,
    { schema: { params: botParams, querystring: z.object({ as }) } },
    async ({ params, query }, reply) => {
      const { conversation, botId } = partner(deps, params);
      const chat = await conversation.user(query.as);
      return reply.type(NDJSON).send(listen(conversation, { bot: botId, chat }, deps.streams));
    },
  );
}

/** Whom to talk to and how; a problem in words where that is not possible. */
function partner(
  { objects, conversation }: ChatDeps,
  params: z.output<typeof botParams>,
): { conversation: Conversation; botId: number } {
  const bot = find(objects, 'TenantBot', params);
  if (!conversation) {
    throw new RequestProblem(
      409,
      'NO_EMULATOR',
      'the bots of this standalone talk to a Telegram without control interface: chat and send work only with the emulator. Use a Telegram app, or start with --api-root emulator, or give --emulator-control',
    );
  }
  const botId = bot.status?.bot?.id;
  if (botId === undefined) throw new RequestProblem(409, 'BOT_NOT_READY', whyNotReady(bot));
  return { conversation, botId };
}

function whyNotReady({ metadata, status }: TenantBot): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return `${metadata.name} is not ready: ${ready?.message ?? 'it has not started yet'}`;
}

/** What the bot says from now on, one `{text}` a message. */
function listen(
  conversation: Conversation,
  { bot, chat }: { readonly bot: number; readonly chat: number },
  streams: Set<EventStream>,
): EventStream {
  const stream = new EventStream(() => {
    streams.delete(stream);
  });
  streams.add(stream);
  const follow = async (): Promise<void> => {
    let since = await conversation.lastCall();
    let { lastMessageId } = await conversation.hear(bot, chat, 0);
    while (!stream.destroyed) {
      since = await conversation.nextCall({ bot, chat, since }, HOLD_MS);
      const heard = await conversation.hear(bot, chat, lastMessageId);
      lastMessageId = heard.lastMessageId;
      for (const text of heard.messages) stream.add({ text });
    }
  };
  follow().catch((error: unknown) => stream.destroy(error instanceof Error ? error : undefined));
  return stream;
}
