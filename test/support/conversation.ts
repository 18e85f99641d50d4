import type { EmulatorClient } from '../../src/emulator/control-client.ts';
import { waitFor } from './wait.ts';

/** Something that a user says to a bot in the private chat with it. */
export interface Said {
  /** Id or username. */
  readonly bot: number | string;
  /** Username of the user. */
  readonly from: string;
  readonly text: string;
  readonly timeoutMs?: number;
  /** After so long without an answer it is said again. */
  readonly answerMs?: number;
}

/** Says it, and resolves to the text that the bot answers. */
export async function itsAnswer(emulator: EmulatorClient, said: Said): Promise<string> {
  const { bot, from, text, timeoutMs = 15_000 } = said;
  const user = await emulator.createUser({ firstName: from, username: from });
  const before = await answers(emulator, bot, user.id);
  await emulator.sendText({ bot, from: user.id, text });
  return waitFor(
    `an answer of ${bot} to ${text}`,
    async () => (await answers(emulator, bot, user.id))[before.length],
    { timeoutMs, intervalMs: 50 },
  );
}

/**
 * Says the same again and again until the bot answers with `answer`; resolves to how long it took,
 * in ms. Each time somebody else says it: a bot writes to one user once a second at most.
 */
export async function untilItSays(
  emulator: EmulatorClient,
  answer: string,
  { bot, from, text, timeoutMs = 30_000, answerMs = 1_000 }: Said,
): Promise<number> {
  const startedMs = performance.now();
  const ask = async (): Promise<boolean> => {
    const { id: user } = await emulator.createUser({ firstName: from });
    const since = await emulator.lastCallSeq();
    await emulator.sendText({ bot, from: user, text });
    const told = { kind: 'calls', bot, method: 'sendMessage', chat: user, since } as const;
    const { calls } = await emulator.waitFor(told, { timeoutMs: answerMs });
    return calls[0]?.parameters['text'] === answer;
  };
  await waitFor(`${bot} to answer ${answer}`, ask, { timeoutMs, intervalMs: 1 });
  return performance.now() - startedMs;
}

/** Texts of the bot in its private chat with a user. */
async function answers(
  emulator: EmulatorClient,
  bot: number | string,
  chat: number,
): Promise<string[]> {
  // Before the user's first word there is no chat.
  const messages = await emulator.messages(chat, bot).catch(() => []);
  return messages.filter(({ from }) => from?.is_bot).map(({ text }) => text ?? '');
}
