import { type Clock, toDate } from '../lib/clock.ts';

/** How many lines of one bot are written in a window; the rest of them is left out. */
const LINES = 100;
const WINDOW_MS = 10_000;

/** pino puts what a child logger is bound to before all that a line says. */
const BOT = /"bot":"([^"]+)"/;

/**
 * Keeps one bot's trouble from filling the log: of what it has to say in ten seconds, a hundred
 * lines are let through, and how many were left out is said with the first line of anybody after
 * that. Lines that name no bot are never left out. A line is one JSON object.
 */
export class BotLines {
  readonly #clock: Clock;
  #seen = new Map<string, number>();
  #endsMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What to write in place of `line`. */
  pass(line: string): readonly string[] {
    const ended = this.#endedWindow();
    const bot = BOT.exec(line)?.[1];
    if (bot === undefined) return [...ended, line];
    const seen = (this.#seen.get(bot) ?? 0) + 1;
    this.#seen.set(bot, seen);
    return seen <= LINES ? [...ended, line] : ended;
  }

  /** What is to be said of the last window, where that is over. */
  #endedWindow(): readonly string[] {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#endsMs) return [];
    const seen = this.#seen;
    this.#seen = new Map();
    this.#endsMs = nowMs + WINDOW_MS;
    const time = toDate(this.#clock.wallMs()).toISOString();
    return [...seen]
      .filter(([, lines]) => lines > LINES)
      .map(([bot, lines]) => {
        const leftOut = lines - LINES;
        const msg = `${leftOut} lines of this bot were left out: at most ${LINES} are written in ${WINDOW_MS / 1_000} s`;
        return `${JSON.stringify({ level: 40, time, bot, leftOut, msg })}\n`;
      });
  }
}
