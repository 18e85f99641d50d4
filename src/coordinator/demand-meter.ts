/** How fast what was before is forgotten. */
const MEMORY_MS = 1_000;

/** How many calls of a resource are wanted a second, by those that came lately. */
export class DemandMeter {
  #count = 0;
  #rate = 0;
  #sinceMs: number;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** Counts a call that is wanted, whether it can be made or not. */
  add(): void {
    this.#count++;
  }

  /** Calls a second, as a moving average; `waiting` of them have not been made yet. */
  read(waiting: number, nowMs: number): number {
    const passedMs = nowMs - this.#sinceMs;
    if (passedMs > 0) {
      const forgotten = 1 - Math.exp(-passedMs / MEMORY_MS);
      this.#rate += ((this.#count * 1_000) / passedMs - this.#rate) * forgotten;
      this.#count = 0;
      this.#sinceMs = nowMs;
    }
    return Math.ceil(this.#rate) + waiting;
  }
}
