/** How long a call may take, from its first try to the beginning of its last. */
export const CALL_DEADLINE_MS = 60_000;

/**
 * The deadlines of calls that are tried again, by their parameters: the one thing that stays the
 * same from step to step and from try to try.
 */
export class Deadlines {
  readonly #deadlines = new WeakMap<object, number>();

  /** The deadline of a call on the monotonic clock; that of a first try unless held. */
  of(payload: object, nowMs: number): number {
    return this.#deadlines.get(payload) ?? nowMs + CALL_DEADLINE_MS;
  }

  /** Runs a try of a call that has this deadline. */
  async hold<Result>(
    payload: object,
    deadlineMs: number,
    run: () => Promise<Result>,
  ): Promise<Result> {
    this.#deadlines.set(payload, deadlineMs);
    try {
      return await run();
    } finally {
      this.#deadlines.delete(payload);
    }
  }
}
