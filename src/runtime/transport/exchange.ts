import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../lib/clock.ts';
import { errorCode } from '../../lib/errors.ts';
import type { Carrier, ExchangeController, ExchangeHandler } from './carrier.ts';
import { TransportError, type TransportFault } from './transport-error.ts';

/** One HTTP request, bounded in time and in the size of its answer. */
export interface ExchangeRequest {
  /** Needed where the carrier serves several origins. */
  readonly origin?: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: NonNullable<Dispatcher.DispatchOptions['body']>;
  /** For all of it: waiting for a connection, connecting, sending, and the whole answer. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** A whole answer, whatever its status. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Sends a request through `dispatch`, undici's lowest public level or what has its form, and
 * collects the answer. Streams of higher levels cost more than the call itself. Redirects are answers like any
 * other. Rejects with a {@link TransportError}, and with nothing else.
 */
export function exchange(
  carrier: Carrier,
  clock: Clock,
  request: ExchangeRequest,
): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    new Exchange(request, resolve, reject).begin(carrier, clock);
  });
}

class Exchange implements ExchangeHandler {
  readonly #request: ExchangeRequest;
  readonly #resolve: (answer: ExchangeAnswer) => void;
  readonly #reject: (error: TransportError) => void;
  readonly #chunks: Buffer[] = [];
  #controller: ExchangeController | undefined;
  #timer: Timer | undefined;
  #failure: TransportError | undefined;
  #status = 0;
  #bytes = 0;

  constructor(
    request: ExchangeRequest,
    resolve: (answer: ExchangeAnswer) => void,
    reject: (error: TransportError) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(carrier: Carrier, clock: Clock): void {
    const { signal, timeoutMs } = this.#request;
    if (signal?.aborted) {
      this.#fail('aborted', signal.reason);
      return;
    }
    signal?.addEventListener('abort', this.#onAbort);
    this.#timer = clock.setTimer(timeoutMs, () => this.#fail('timeout'));
    try {
      carrier.dispatch(dispatchOptions(this.#request), this);
    } catch (error) {
      this.#fail('network', error);
    }
  }

  onRequestStart(controller: ExchangeController): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(_controller: ExchangeController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: ExchangeController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#request.maxBytes) this.#fail('too-large');
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#failure) return;
    this.#release();
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, body });
  }

  onResponseError(_controller: ExchangeController, error: Error): void {
    this.#fail(faultOf(error), error);
  }

  readonly #onAbort = (): void => this.#fail('aborted', this.#request.signal?.reason);

  #fail(fault: TransportFault, cause?: unknown): void {
    if (this.#failure) return;
    this.#failure = new TransportError(fault, { sent: this.#controller !== undefined, cause });
    this.#release();
    this.#chunks.length = 0;
    this.#reject(this.#failure);
    this.#controller?.abort(this.#failure);
  }

  #release(): void {
    this.#timer?.cancel();
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
  }
}

function dispatchOptions(request: ExchangeRequest): Dispatcher.DispatchOptions {
  const { origin, path, method, headers, body = null } = request;
  const options = { path, method, headers, body };
  return origin === undefined ? options : { ...options, origin };
}

const TIMEOUT_CODES = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);

function faultOf(error: Error): TransportFault {
  const code = errorCode(error);
  return code !== undefined && TIMEOUT_CODES.has(code) ? 'timeout' : 'network';
}
