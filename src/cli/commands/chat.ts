import { createInterface } from 'node:readline/promises';
import { type Clock, sleep } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { BotName } from '../bot-access.ts';
import type { LocalClient } from '../local-client.ts';
import { printable } from '../terminal-text.ts';
import type { Io } from './io.ts';

/** How long an answer is waited for when the input has ended. */
const LAST_ANSWER_MS = 5_000;
const LAST_WORDS_MS = 1_000;

/** What `tenantbot chat` works with. */
export interface ChatOptions extends BotName {
  readonly as: string;
  readonly input: NodeJS.ReadableStream;
  /** Shown before each line that a person types; nothing where the input is no terminal. */
  readonly prompt: string;
  readonly clock: Clock;
}

/**
 * `tenantbot chat`: a line is a message, until the input ends (Ctrl-D). Rejects where there is
 * nobody to talk to, or no more.
 */
export async function runChat(client: LocalClient, options: ChatOptions, io: Io): Promise<void> {
  const { namespace, name, as, input, prompt, clock } = options;
  const bot = { namespace, name };
  const ended = new AbortController();
  const terminal = prompt === '' ? undefined : process.stdout;
  const lines = createInterface({ input, prompt, ...(terminal && { output: terminal }) });
  lines.on('SIGINT', () => lines.close());
  const heard: string[] = [];
  const hear = async (): Promise<void> => {
    for await (const text of client.listen(bot, as, ended.signal)) {
      heard.push(text);
      io.out(`${terminal ? '\r' : ''}${name}: ${printable(text)}`);
      if (terminal) lines.prompt(true);
    }
  };
  const hearing = hear()
    .catch((error: unknown) => {
      if (!ended.signal.aborted) throw error;
    })
    .finally(() => lines.close());
  // Awaited only at the end, and may fail long before that.
  hearing.catch(() => undefined);
  const asked: Promise<number>[] = [];
  if (terminal) lines.prompt();
  for await (const text of lines) {
    if (text !== '') asked.push(ask(client, { bot, as, text }, io));
    if (terminal) lines.prompt();
  }
  const counts = await Promise.all(asked);
  const expected = counts.reduce((sum, count) => sum + count, 0);
  const caughtUp = (): boolean => heard.length >= expected;
  for (let waited = 0; !caughtUp() && waited < LAST_WORDS_MS; waited += 20) await sleep(clock, 20);
  ended.abort();
  await hearing;
}

/** How many messages the bot has answered with. */
async function ask(
  client: LocalClient,
  { bot, as, text }: { readonly bot: BotName; readonly as: string; readonly text: string },
  io: Io,
): Promise<number> {
  try {
    const answer = await client.ask(bot, { as, text, timeoutMs: LAST_ANSWER_MS });
    return answer.messages.length;
  } catch (error) {
    io.err(errorMessage(error));
    return 0;
  }
}
