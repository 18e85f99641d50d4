import type { BotLogs, BotObject } from '../../admin/backend.ts';
import { keyOf } from '../../api/group.ts';
import { aborted } from '../../lib/aborted.ts';
import { LruMap } from '../../lib/lru-map.ts';

/** How many lines of one bot are kept, and of how many bots. */
const MAX_LINES = 200;
const MAX_BOTS = 200;

/** pino puts what a child logger is bound to before all that a line says. */
const BOT = /"bot":"([^"]+)"/;

type Listener = (line: string) => void;

/** The last lines of the log that name a bot, in memory; of those bots that wrote last. */
export class LogRing implements BotLogs {
  readonly #lines = new LruMap<string, string[]>(MAX_BOTS);
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Takes a line of the log: a JSON object. */
  add(line: string): void {
    const bot = BOT.exec(line)?.[1];
    if (bot === undefined) return;
    const text = line.trimEnd();
    const lines = this.#lines.get(bot) ?? [];
    lines.push(text);
    if (lines.length > MAX_LINES) lines.shift();
    this.#lines.set(bot, lines);
    for (const listener of this.#listeners.get(bot) ?? []) listener(text);
  }

  async read(
    { metadata }: BotObject,
    { tail, follow }: { readonly tail: number; readonly follow: boolean },
    onLine: Listener,
    signal: AbortSignal,
  ): Promise<void> {
    const bot = keyOf(metadata);
    const lines = tail === 0 ? [] : (this.#lines.get(bot)?.slice(-tail) ?? []);
    for (const line of lines) onLine(line);
    if (!follow || signal.aborted) return;
    const listeners = this.#listeners.get(bot) ?? new Set();
    this.#listeners.set(bot, listeners.add(onLine));
    await aborted(signal);
    listeners.delete(onLine);
    if (listeners.size === 0) this.#listeners.delete(bot);
  }
}
