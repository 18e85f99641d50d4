/** Into how many steps an interval is divided. */
const STEPS = 60;

/**
 * Says whose turn it is, so that each thing has one turn an interval and all of them are spread
 * over it. The place of each follows from its name: nothing is kept of it, and who comes and goes
 * moves nobody else's.
 */
export class SnapshotRound {
  #intervalMs: number;
  #untilMs: number;

  constructor(intervalMs: number, nowMs: number) {
    this.#intervalMs = intervalMs;
    this.#untilMs = nowMs;
  }

  /** How long to wait from one {@link step} to the next. */
  get stepMs(): number {
    return this.#intervalMs / STEPS;
  }

  /** Whoever's turn comes later than now has it as the new interval says. */
  setInterval(intervalMs: number): void {
    this.#intervalMs = intervalMs;
  }

  /** Whose turn has come since the last step, as a question. */
  step(nowMs: number): (name: string) => boolean {
    const intervalMs = this.#intervalMs;
    const fromMs = Math.max(this.#untilMs, nowMs - intervalMs);
    this.#untilMs = nowMs;
    return (name) => {
      const offsetMs = share(name) * intervalMs;
      return (
        Math.floor((nowMs - offsetMs) / intervalMs) > Math.floor((fromMs - offsetMs) / intervalMs)
      );
    };
  }
}

/** A number in [0, 1) that is always the same for `name` (FNV-1a). */
function share(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}
