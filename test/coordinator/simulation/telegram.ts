import type { FleetRateLimits } from '../../../src/api/rate-limits.ts';
import { capsOf } from '../../../src/control/grants.ts';
import type { Surroundings } from './surroundings.ts';

/** A call may be counted against what held when it was made, and a second around. */
const TAIL_MS = 1_000;

/** What arrives at Telegram, by true time, and what may have. */
export class Telegram {
  readonly #world: Surroundings;
  readonly arrivals = new Map<string, number[]>();
  /** From when on how much was allowed, by resource. */
  readonly #allowed = new Map<string, { readonly fromMs: number; readonly cap: number }[]>();
  #limits: FleetRateLimits | undefined;
  #caps: ReadonlyMap<string, number> = new Map();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  arrive(resources: readonly string[]): void {
    for (const resource of resources) {
      const arrivals = this.arrivals.get(resource) ?? [];
      this.arrivals.set(resource, arrivals);
      arrivals.push(this.#world.loop.nowMs);
    }
  }

  /**
   * Limits have changed, or somebody has heard of it. A lower limit binds a shard that nobody can
   * reach only once it has heard of it.
   */
  noteCaps(): void {
    const { shards, loop } = this.#world;
    for (const [resource, limit] of this.#limited()) {
      let cap = limit;
      for (const shard of shards) {
        if (shard.process.isAlive) cap = Math.max(cap, shard.capOf(resource));
      }
      const allowed = this.#allowed.get(resource) ?? [];
      this.#allowed.set(resource, allowed);
      if (allowed.at(-1)?.cap !== cap) allowed.push({ fromMs: loop.nowMs, cap });
    }
  }

  /** Those of `resources` that have a limit now. */
  capped(resources: readonly string[]): readonly string[] {
    const caps = this.#limited();
    return resources.filter((name) => caps.has(name));
  }

  #limited(): ReadonlyMap<string, number> {
    const { limits } = this.#world;
    if (limits !== this.#limits) {
      this.#limits = limits;
      this.#caps = capsOf(limits);
    }
    return this.#caps;
  }

  /** The first second with too many arrivals, in words; undefined where there is none. */
  violation(): string | undefined {
    for (const [resource, times] of this.arrivals) {
      const sorted = times.toSorted((a, b) => a - b);
      let last = 0;
      for (const [first, fromMs] of sorted.entries()) {
        while (last < sorted.length && (sorted[last] ?? 0) < fromMs + 1_000) last++;
        const count = last - first;
        const cap = this.#capAround(resource, fromMs);
        if (count > cap)
          return `${resource}: ${count} calls in the second from ${fromMs.toFixed(1)} ms, of ${cap}`;
      }
    }
    return undefined;
  }

  #capAround(resource: string, fromMs: number): number {
    const tailMs = TAIL_MS + this.#world.options.slowestFlightMs;
    const allowed = this.#allowed.get(resource) ?? [];
    let most = 0;
    for (const [index, { fromMs: sinceMs, cap }] of allowed.entries()) {
      const untilMs = allowed[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      if (sinceMs < fromMs + 1_000 && untilMs > fromMs - tailMs) most = Math.max(most, cap);
    }
    return most;
  }
}
