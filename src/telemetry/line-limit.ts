import { type Clock, toDate } from '../lib/clock.ts';

/** What is limited, and how. */
export interface LineLimitOptions {
  /** The field of a line by which lines belong together. */
  readonly field: 'bot' | 'fingerprint';
  /** How many lines of the same are written in a window; the rest of them is left out. */
  readonly lines: number;
  readonly windowMs: number;
  /** What such lines are, for people: `of this bot`. */
  readonly which: string;
}

/** Keeps one bot's trouble from filling the log. */
export const BOT_LINES: LineLimitOptions = {
  field: 'bot',
  lines: 100,
  windowMs: 10_000,
  which: 'of this bot',
};

/** The same for trouble that many bots share: an error with the same cause is a sample of all. */
export const REPEATED_ERRORS: LineLimitOptions = {
  field: 'fingerprint',
  lines: 20,
  windowMs: 60_000,
  which: 'with this error',
};

/**
 * Of lines that belong together it lets so many through in a window, and how many were left out is
 * said with the first line of anybody after that. Lines that say nothing of the field are never left
 * out. A line is one JSON object.
 */
export class LineLimit {
  readonly #options: LineLimitOptions;
  readonly #clock: Clock;
  readonly #field: RegExp;
  #seen = new Map<string, number>();
  #endsMs = Number.NEGATIVE_INFINITY;

  constructor(options: LineLimitOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    // pino puts what a line is about before its words, in which a quotation mark has a backslash.
    this.#field = new RegExp(`"${options.field}":"([^"]+)"`);
  }

  /** What to write in place of `line`. */
  pass(line: string): readonly string[] {
    const ended = this.#endedWindow();
    const key = this.#field.exec(line)?.[1];
    if (key === undefined) return [...ended, line];
    const seen = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, seen);
    return seen <= this.#options.lines ? [...ended, line] : ended;
  }

  /** What is to be said of the last window, where that is over. */
  #endedWindow(): readonly string[] {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#endsMs) return [];
    const { field, lines: most, windowMs, which } = this.#options;
    const seen = this.#seen;
    this.#seen = new Map();
    this.#endsMs = nowMs + windowMs;
    const time = toDate(this.#clock.wallMs()).toISOString();
    return [...seen]
      .filter(([, lines]) => lines > most)
      .map(([key, lines]) => {
        const leftOut = lines - most;
        const msg = `${leftOut} lines ${which} were left out: at most ${most} are written in ${windowMs / 1_000} s`;
        return `${JSON.stringify({ level: 40, time, [field]: key, leftOut, msg })}\n`;
      });
  }
}
