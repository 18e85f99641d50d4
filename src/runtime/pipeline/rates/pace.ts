import type { RateLimit } from './rate-limit.ts';

/**
 * One each `intervalMs` on average, of which `burst` may pass at the same moment: a token bucket as
 * a single number, the Generic Cell Rate Algorithm of ITU-T I.371.
 */
export class Pace implements RateLimit {
  #intervalMs: number;
  #burst: number;
  /** When the next would pass if all passed evenly spread. */
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number, burst: number) {
    this.#intervalMs = intervalMs;
    this.#burst = burst;
  }

  /** Another pace from now on; what has passed counts towards it. */
  setPace(intervalMs: number, burst: number): void {
    this.#intervalMs = intervalMs;
    this.#burst = burst;
  }

  earliestMs(nowMs: number, ahead: number): number {
    const dueMs = Math.max(this.#dueMs, nowMs);
    return Math.max(nowMs, dueMs + (ahead - this.#burst + 1) * this.#intervalMs);
  }

  add(nowMs: number): void {
    this.#dueMs = Math.max(this.#dueMs, nowMs) + this.#intervalMs;
  }

  isIdle(nowMs: number): boolean {
    return this.#dueMs <= nowMs;
  }
}
