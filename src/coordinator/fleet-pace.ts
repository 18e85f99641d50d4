/** So many bots are no coincidence: Telegram means the fleet. */
const BOTS = 3;
const DOWN = 0.5;
const UP = 1.25;
const LEAST = 0.05;
/** How far back shards count the bots that were told to slow down. */
const LOOKBACK_MS = 10_000;
const STEP_MS = 5_000;

/**
 * The part of its limits that a fleet makes use of: halved at once when Telegram tells several bots
 * to slow down, and raised step by step while it tells none.
 */
export class FleetPace {
  readonly #throttled = new Map<number, { readonly bots: number; readonly atMs: number }>();
  #factor = 1;
  #loweredMs = Number.NEGATIVE_INFINITY;
  #stepMs = Number.NEGATIVE_INFINITY;

  get factor(): number {
    return this.#factor;
  }

  /** Goes on from what an earlier leader had come to. */
  resume(factor: number, nowMs: number): void {
    this.#factor = Math.min(this.#factor, factor);
    this.#stepMs = nowMs;
  }

  /** A shard tells how many of its bots were lately told to slow down. */
  hear(shard: number, bots: number, nowMs: number): void {
    if (bots > 0) this.#throttled.set(shard, { bots, atMs: nowMs });
    else this.#throttled.delete(shard);
  }

  /** Brings the factor up to date. */
  step(nowMs: number): void {
    let bots = 0;
    for (const [shard, told] of this.#throttled) {
      if (nowMs - told.atMs > LOOKBACK_MS) this.#throttled.delete(shard);
      else bots += told.bots;
    }
    // What has led to one step does not lead to another.
    if (bots >= BOTS && nowMs - this.#loweredMs > LOOKBACK_MS) {
      this.#factor = Math.max(LEAST, this.#factor * DOWN);
      this.#loweredMs = nowMs;
      this.#stepMs = nowMs;
    } else if (bots > 0) this.#stepMs = nowMs;
    else if (this.#factor < 1 && nowMs - this.#stepMs >= STEP_MS) {
      this.#factor = Math.min(1, this.#factor * UP);
      this.#stepMs = nowMs;
    }
  }
}
