import { type Clock, sleep } from '../lib/clock.ts';
import { inputError } from '../lib/errors.ts';
import type { LoopLag, LoopMeter } from '../lib/event-loop.ts';
import type { ErrorOwner } from './bot/boundary.ts';
import type { Usage } from './usage.ts';

/** What a {@link FloodWatch} works with. */
export interface FloodWatchOptions {
  readonly clock: Clock;
  readonly usage: Usage;
  readonly startMeter: () => LoopMeter;
}

/** How long what happens is added up before it is judged. */
const WINDOW_MS = 5_000;
/** The loop lags when, time and again within a window, something due waited for so long. */
const LAG_MS = 100;
/** Who takes at least so much of a window, and most of what was measured in it, floods the loop. */
const SHARE_OF_WINDOW = 0.25;
const SHARE_OF_MEASURED = 0.5;
/** A flood is one that goes on: one bad window alone may be the machine's. */
const WINDOWS = 2;

/**
 * Finds out the bot that floods the event loop that all share, and stops it: in two windows in a
 * row the loop lagged, and that bot alone took a quarter of the time, and more than half of what was
 * measured for any. Then it counts as crashed, and starts again only by another spec or
 * because somebody says so. Lag that no bot accounts for is told by the metric alone.
 */
export class FloodWatch {
  readonly #options: FloodWatchOptions;
  #lag: LoopLag = { meanMs: 0, p99Ms: 0, maxMs: 0 };
  #suspect: { readonly owner: ErrorOwner; readonly windows: number } | undefined;

  constructor(options: FloodWatchOptions) {
    this.#options = options;
  }

  /** How the loop did in the last whole window. */
  get lag(): LoopLag {
    return this.#lag;
  }

  /** Watches until `signal` aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, startMeter } = this.#options;
    using meter = startMeter();
    while (!signal.aborted) {
      const begunMs = clock.monotonicMs();
      meter.reset();
      await sleep(clock, WINDOW_MS, signal).catch(() => undefined);
      if (!signal.aborted) this.#judge(meter.read(), clock.monotonicMs() - begunMs);
    }
  }

  #judge(lag: LoopLag, windowMs: number): void {
    this.#lag = lag;
    const busy = this.#options.usage.takeBusyMs();
    const flooder = lag.p99Ms >= LAG_MS ? flooderOf(busy, windowMs) : undefined;
    if (!flooder) {
      this.#suspect = undefined;
      return;
    }
    const windows = this.#suspect?.owner === flooder.owner ? this.#suspect.windows + 1 : 1;
    this.#suspect = { owner: flooder.owner, windows };
    if (windows >= WINDOWS) flooder.owner.fail(flood(flooder.busyMs, windowMs));
  }
}

function flooderOf(
  busy: ReadonlyMap<ErrorOwner, number>,
  windowMs: number,
): { readonly owner: ErrorOwner; readonly busyMs: number } | undefined {
  let allMs = 0;
  for (const busyMs of busy.values()) allMs += busyMs;
  for (const [owner, busyMs] of busy) {
    if (busyMs >= SHARE_OF_WINDOW * windowMs && busyMs > SHARE_OF_MEASURED * allMs)
      return { owner, busyMs };
  }
  return undefined;
}

function flood(busyMs: number, windowMs: number): Error {
  const percent = Math.min(100, Math.round((100 * busyMs) / windowMs));
  return inputError(
    'BOT_FLOODS',
    `The bot was stopped because its handlers took ${percent} % of the time that it shares with other bots. Simplify its text patterns, or have its service answer with less; then change its spec, or have it restarted.`,
  );
}
