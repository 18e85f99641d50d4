import type { Clock, Timer } from '../lib/clock.ts';

/**
 * A signal that aborts with `parent`, or with `error` after `ms`, whichever comes first. Must be
 * released, so that nothing stays behind on a parent that lives long.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #arm: () => Timer;
  #timer: Timer;

  constructor(
    clock: Clock,
    ms: number,
    { error, parent }: { readonly error: Error; readonly parent?: AbortSignal | undefined },
  ) {
    this.#parent = parent;
    this.#arm = () => clock.setTimer(ms, () => this.#controller.abort(error));
    this.#timer = this.#arm();
    if (parent?.aborted) this.#onAbort();
    else parent?.addEventListener('abort', this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The time starts again: there is life. */
  renew(): void {
    this.#timer.cancel();
    this.#timer = this.#arm();
  }

  /** Time no longer counts; the parent still does. */
  lift(): void {
    this.#timer.cancel();
  }

  release(): void {
    this.#timer.cancel();
    this.#parent?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#parent?.reason);
}
