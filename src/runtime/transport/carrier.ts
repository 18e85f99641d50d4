import type { Dispatcher } from 'undici';

/** What carries exchanges: undici's dispatchers, and {@link Http1Pool}. */
export interface Carrier {
  /** Begins a request. May throw; everything else is told to the handler. */
  dispatch(options: Dispatcher.DispatchOptions, handler: ExchangeHandler): unknown;
}

/** Breaks off a request that has begun. */
export interface ExchangeController {
  abort(reason: Error): void;
}

/** Who is told how a request goes; the part of undici's handler that an exchange needs. */
export interface ExchangeHandler {
  /** It is about to be sent. It isn't where it is aborted now. */
  onRequestStart(controller: ExchangeController): void;
  onResponseStart(controller: ExchangeController, status: number): void;
  onResponseData(controller: ExchangeController, chunk: Buffer): void;
  onResponseEnd(controller: ExchangeController): void;
  /** It failed, in whatever state it was. */
  onResponseError(controller: ExchangeController, error: Error): void;
}

/** Ends a handler's request that was never sent. */
export function failUnsent(handler: ExchangeHandler, error: Error): void {
  handler.onResponseError({ abort: () => undefined }, error);
}

/** Anything else would let a path end early. */
const PATH = /^[\x21-\x7e]+$/;

/** Throws where `path` holds what no path may hold. */
export function checkPath(path: string): void {
  if (!PATH.test(path)) throw new TypeError('the path holds what no path may hold');
}
