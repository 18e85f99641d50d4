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
/** Whose handlers take at least so much of each of so many such windows in a row flood the loop, */
const ALONE = { share: 0.25, windows: 2 };
/**
 * and so do those who take less of more of them on average, where together they take so much. Nobody
 * gets there by replies: rates allow 30 a second, which take less than half of that.
 */
const TOGETHER = { share: 0.02, windows: 4, togetherShare: 0.5 };

type Shares = ReadonlyMap<ErrorOwner, number>;

/**
 * Finds out the bots that flood the event loop that all share, and stops them: in two windows in a
 * row the loop was overloaded, and the handlers of the bot took a quarter of the time; or in four,
 * and they took a fiftieth, and half of it with those of others like it. One bad window alone may be
 * the machine's. However much a bot is told, what takes its handlers so long
 * are costly patterns and large answers: matching a plain one takes microseconds.
 *
 * A bot so stopped counts as crashed, and starts again only by another spec or because somebody says
 * so. An overload that no bot accounts for is told by the metrics alone.
 */
export class FloodWatch {
  readonly #options: FloodWatchOptions;
  #load: LoopLoad = { utilization: 0, lag: { meanMs: 0, p99Ms: 0, maxMs: 0 } };
  /** What bots took of the latest windows, as far as these were bad; the last one first. */
  #bad: readonly Shares[] = [];

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
    this.#bad = isOverload(load) ? [shares, ...this.#bad].slice(0, TOGETHER.windows) : [];
    const found = new Set([...floodersAlone(this.#bad), ...floodersTogether(this.#bad)]);
    for (const owner of found) owner.fail(flood(shares.get(owner) ?? 0));
    // The others are judged by how it goes without them.
    if (found.size > 0) this.#bad = [];
  }
}

function floodersAlone(bad: readonly Shares[]): readonly ErrorOwner[] {
  const windows = bad.slice(0, ALONE.windows);
  if (windows.length < ALONE.windows) return [];
  return ownersIn(windows).filter((owner) =>
    windows.every((shares) => (shares.get(owner) ?? 0) >= ALONE.share),
  );
}

function floodersTogether(bad: readonly Shares[]): readonly ErrorOwner[] {
  if (bad.length < TOGETHER.windows) return [];
  const meanOf = (owner: ErrorOwner): number =>
    bad.reduce((sum, shares) => sum + (shares.get(owner) ?? 0), 0) / bad.length;
  const many = ownersIn(bad).filter((owner) => meanOf(owner) >= TOGETHER.share);
  const together = many.reduce((sum, owner) => sum + meanOf(owner), 0);
  return together >= TOGETHER.togetherShare ? many : [];
}

function ownersIn(windows: readonly Shares[]): readonly ErrorOwner[] {
  return [...new Set(windows.flatMap((shares) => [...shares.keys()]))];
}

function isOverload({ utilization, lag }: LoopLoad): boolean {
  return utilization >= UTILIZATION || lag.p99Ms >= LAG_MS;
}

/** What part of the window each owner took. */
function sharesOf(busyMs: ReadonlyMap<ErrorOwner, number>, windowMs: number): Shares {
  return new Map([...busyMs].map(([owner, tookMs]) => [owner, tookMs / windowMs]));
}

function flood(share: number): Error {
  const percent = Math.min(100, Math.round(100 * share));
  return inputError(
    'BOT_FLOODS',
    `The bot was stopped because its handlers took ${percent} % of the time that it shares with other bots. Simplify its text patterns, or have its service answer with less; then change its spec, or have it restarted.`,
  );
}
