import type { Clock, Timer } from '../lib/clock.ts';
import { environmentError } from '../lib/errors.ts';

/**
 * Aborts its signal when nothing feeds it for `timeoutMs`, or as soon as `parent` aborts. Must be
 * disposed of; afterwards neither timer nor listener is left.
 */
export class Watchdog implements Disposable {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #parent: AbortSignal;
  readonly #controller = new AbortController();
  readonly #onParentAbort = (): void => this.#controller.abort(this.#parent.reason);
  #timer: Timer;

  constructor(clock: Clock, timeoutMs: number, parent: AbortSignal) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#parent = parent;
    this.#timer = this.#arm();
    parent.addEventListener('abort', this.#onParentAbort, { once: true });
    if (parent.aborted) this.#onParentAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** There is life. */
  feed(): void {
    this.#timer.cancel();
    this.#timer = this.#arm();
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
    this.#parent.removeEventListener('abort', this.#onParentAbort);
  }

  #arm(): Timer {
    return this.#clock.setTimer(this.#timeoutMs, () => {
      this.#controller.abort(
        environmentError('KUBE_STALLED', `nothing came for ${this.#timeoutMs / 1000} s`),
      );
    });
  }
}
