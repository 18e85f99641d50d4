import type { Dispatcher } from 'undici';

type Handler = Dispatcher.DispatchHandler;

/** Has undici call `guard` right before it writes a request; where that throws, nothing is written. */
export function guardedBy(guard: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => dispatch(options, new GuardedHandler(handler, guard));
}

/** Hands everything on to `handler`. */
class GuardedHandler implements Handler {
  readonly #handler: Handler;
  readonly #guard: () => void;

  constructor(handler: Handler, guard: () => void) {
    this.#handler = handler;
    this.#guard = guard;
  }

  onRequestStart(...args: Parameters<NonNullable<Handler['onRequestStart']>>): void {
    this.#guard();
    this.#handler.onRequestStart?.(...args);
  }

  onResponseStart(...args: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters<NonNullable<Handler['onResponseData']>>): void {
    this.#handler.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<NonNullable<Handler['onResponseEnd']>>): void {
    this.#handler.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters<NonNullable<Handler['onResponseError']>>): void {
    this.#handler.onResponseError?.(...args);
  }
}
