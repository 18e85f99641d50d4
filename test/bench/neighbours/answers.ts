import type { Ledger } from '../../../src/emulator/ledger.ts';

/** How long messages waited for their replies, in milliseconds. */
export interface AnswerTimes {
  readonly fromMessage: readonly number[];
  /** From the end of the poll that handed the message out. */
  readonly fromPoll: readonly number[];
}

/**
 * The times of all messages to these bots since `sinceMs`; undefined while some wait for a reply. A
 * bot answers a chat in order, so that its n-th reply there answers the n-th message.
 */
export function answerTimes(
  ledger: Ledger,
  botIds: ReadonlySet<number>,
  sinceMs: number,
): AnswerTimes | undefined {
  const replies = repliesByChat(ledger, sinceMs);
  const times = { fromMessage: [] as number[], fromPoll: [] as number[] };
  for (const { bot, chatId, createdAtMs, deliveries } of ledger.updates.since(0)) {
    if (!botIds.has(bot.id) || createdAtMs < sinceMs) continue;
    const repliedAtMs = replies.get(`${bot.id} ${chatId}`)?.shift();
    const [delivery] = deliveries;
    if (repliedAtMs === undefined || !delivery) return undefined;
    times.fromMessage.push(repliedAtMs - createdAtMs);
    times.fromPoll.push(repliedAtMs - delivery.atMs);
  }
  return times;
}

/** When messages reached each chat of each bot, in order. */
function repliesByChat({ calls }: Ledger, sinceMs: number): Map<string, number[]> {
  const replies = new Map<string, number[]>();
  for (const { bot, method, parameters, startedAtMs } of calls.since(0)) {
    if (method !== 'sendMessage' || !bot || startedAtMs < sinceMs) continue;
    const chat = `${bot.id} ${parameters['chat_id']}`;
    const times = replies.get(chat) ?? [];
    times.push(startedAtMs);
    replies.set(chat, times);
  }
  return replies;
}
