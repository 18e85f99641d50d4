import { type Clock, sleep } from '../lib/clock.ts';
import { inputError } from '../lib/errors.ts';
import type { LoopLoad, LoopMeter } from '../lib/event-loop.ts';
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
/** The loop is overloaded when it was hardly ever idle in a window, */
const UTILIZATION = 0.9;
/** or when, time and again, something due waited for so long. */
const LAG_MS = 100;
/** Whose handlers take at least so much of such a window flood the loop. */
const SHARE_OF_WINDOW = 0.25;

/**
 * Finds out the bots that flood the event loop that all share, and stops them: in two windows in a
 * row the loop was overloaded, and the handlers of the bot took a quarter of the time. One bad
 * window alone may be the machine's. However much a bot is told, what takes its handlers so long
 * are costly patterns and large answers: matching a plain one takes microseconds.
 *
 * A bot so stopped counts as crashed, and starts again only by another spec or because somebody says
 * so. An overload that no bot accounts for is told by the metrics alone.
 */
export class FloodWatch {
  readonly #options: FloodWatchOptions;
  #load: LoopLoad = { utilization: 0, lag: { meanMs: 0, p99Ms: 0, maxMs: 0 } };
  #suspects: ReadonlyMap<ErrorOwner, number> = new Map();

  constructor(options: FloodWatchOptions) {
    this.#options = options;
  }

  /** How the loop did in the last whole window. */
  get load(): LoopLoad {
    return this.#load;
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

  #judge(load: LoopLoad, windowMs: number): void {
    this.#load = load;
    const before = this.#suspects;
    const shares = sharesOf(this.#options.usage.takeBusyMs(), windowMs);
    this.#suspects = isOverload(load) ? shares : new Map();
    for (const [owner, share] of this.#suspects) {
      if (before.has(owner)) owner.fail(flood(share));
    }
  }
}

function isOverload({ utilization, lag }: LoopLoad): boolean {
  return utilization >= UTILIZATION || lag.p99Ms >= LAG_MS;
}

/** What part of the window each owner took, of those that took much. */
function sharesOf(
  busyMs: ReadonlyMap<ErrorOwner, number>,
  windowMs: number,
): ReadonlyMap<ErrorOwner, number> {
  const shares = [...busyMs].map(([owner, tookMs]) => [owner, tookMs / windowMs] as const);
  return new Map(shares.filter(([, share]) => share >= SHARE_OF_WINDOW));
}

function flood(share: number): Error {
  const percent = Math.min(100, Math.round(100 * share));
  return inputError(
    'BOT_FLOODS',
    `The bot was stopped because its handlers took ${percent} % of the time that it shares with other bots. Simplify its text patterns, or have its service answer with less; then change its spec, or have it restarted.`,
  );
}
