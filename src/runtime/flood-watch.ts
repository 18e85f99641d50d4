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
/** Whose handlers take at least so much of so many such windows in a row flood the loop, */
const ALONE = { share: 0.25, windows: 2 };
/** and so do those who take less of more of them, if together they take so much. */
const TOGETHER = { share: 0.05, windows: 4, togetherShare: 0.5 };

/**
 * Finds out the bots that flood the event loop that all share, and stops them: in two windows in a
 * row the loop was overloaded, and the handlers of the bot took a quarter of the time; or in four,
 * and they took a twentieth, and half of it with those of others like it. One bad window alone may
 * be the machine's. However much a bot is told, what takes its handlers so long
 * are costly patterns and large answers: matching a plain one takes microseconds.
 *
 * A bot so stopped counts as crashed, and starts again only by another spec or because somebody says
 * so. An overload that no bot accounts for is told by the metrics alone.
 */
export class FloodWatch {
  readonly #options: FloodWatchOptions;
  #load: LoopLoad = { utilization: 0, lag: { meanMs: 0, p99Ms: 0, maxMs: 0 } };
  /** What bots took of the windows so far that were bad one after the other, the last one first. */
  #suspects: ReadonlyMap<ErrorOwner, readonly number[]> = new Map();

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
    const shares = sharesOf(this.#options.usage.takeBusyMs(), windowMs);
    const before = this.#suspects;
    this.#suspects = new Map(
      [...(isOverload(load) ? shares : [])].map(([owner, share]) => [
        owner,
        [share, ...(before.get(owner) ?? [])].slice(0, TOGETHER.windows),
      ]),
    );
    for (const owner of flooders(this.#suspects)) owner.fail(flood(shares.get(owner) ?? 0));
  }
}

/** Those among the suspects who flood the loop, alone or together. */
function flooders(suspects: ReadonlyMap<ErrorOwner, readonly number[]>): ReadonlySet<ErrorOwner> {
  const takers = ({ share, windows }: typeof ALONE) =>
    [...suspects].filter(([, shares]) => {
      const latest = shares.slice(0, windows);
      return latest.length === windows && latest.every((taken) => taken >= share);
    });
  const many = takers(TOGETHER);
  const togetherShare = many.reduce((sum, [, [share = 0]]) => sum + share, 0);
  const found = [...takers(ALONE), ...(togetherShare >= TOGETHER.togetherShare ? many : [])];
  return new Set(found.map(([owner]) => owner));
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
  return new Map(shares.filter(([, share]) => share >= TOGETHER.share));
}

function flood(share: number): Error {
  const percent = Math.min(100, Math.round(100 * share));
  return inputError(
    'BOT_FLOODS',
    `The bot was stopped because its handlers took ${percent} % of the time that it shares with other bots. Simplify its text patterns, or have its service answer with less; then change its spec, or have it restarted.`,
  );
}
