import type { Dispatcher } from 'undici';
import { type BackoffPolicy, equalJitterMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { environmentError, errorCode, errorMessage, TenantBotError } from '../lib/errors.ts';
import type { Random } from '../lib/random.ts';
import type { CallOptions } from './client.ts';
import { Connections } from './connections.ts';
import { Deadline } from './deadline.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { RequestLimiter } from './request-limiter.ts';
import { guardedBy } from './send-guard.ts';
import type { Rate } from './token-bucket.ts';

/** One request to the API server. */
export interface KubeRequest extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query, below the server's own path. */
  readonly path: string;
  /** The call in words, for errors: `get secrets team-a/token`. */
  readonly what: string;
  /** The answer is a stream without end. */
  readonly watch?: boolean;
  readonly accept?: string;
  readonly body?: { readonly contentType: string; readonly content: object };
}

/** An answer of whatever status. */
export interface KubeAnswer {
  readonly status: number;
  /** Of a watch that began: its bytes. They must be read, or left by a `return`. */
  readonly stream?: AsyncIterable<Uint8Array>;
  /** Empty where there is a stream. */
  readonly text: string;
  /**
   * Whether a connection was lost before, so that an earlier copy of the same request may have been
   * carried out.
   */
  readonly resent: boolean;
}

interface Call {
  readonly host: string;
  readonly method: string;
}

/** What a client tells of its requests. */
export interface RestClientMetrics {
  /** A request has waited for the client's own rate. */
  admitted(call: Call & { readonly waitedMs: number }): void;
  /** One try has ended. `code` is the status, or `<error>` where no answer came. */
  answered(call: Call & { readonly code: string; readonly durationMs: number }): void;
  /** A request will be sent again. */
  retried(call: Call & { readonly code: string }): void;
}

export interface SenderOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly userAgent: string;
  readonly rate: Rate;
  /** Connections that calls share; watches and elections have their own. */
  readonly connections: number;
  /** For one try: credentials, connecting, and the whole answer; of a watch until it begins. */
  readonly timeoutMs: number;
  readonly metrics?: RestClientMetrics | undefined;
}

/** As client-go. */
const MAX_PUT_OFF = 10;
const MAX_LOST = 3;
const LOST_BACKOFF: BackoffPolicy = { initialMs: 100, maxMs: 2000 };

/**
 * Sends requests at the client's own rate, and again where that makes sense: after the time that
 * the server asks for by `Retry-After` (429, 503), at most {@link MAX_PUT_OFF} times, and after a
 * lost or refused connection, at most {@link MAX_LOST} times. What cannot be sent again in this way
 * is up to the caller, whom {@link KubeAnswer.resent} tells of it.
 */
export class RequestSender {
  readonly #options: SenderOptions;
  readonly #limiter: RequestLimiter;
  readonly #connections: Connections;
  readonly #host: string;
  readonly #basePath: string;

  constructor(options: SenderOptions) {
    const { access, rate, clock, connections } = options;
    this.#options = options;
    this.#limiter = new RequestLimiter(rate, clock);
    this.#connections = new Connections(access, connections);
    this.#host = access.server.host;
    this.#basePath = access.server.pathname.replace(/\/+$/, '');
  }

  /** Rejects with an `environment` error, or with the reason of the request's signal. */
  async send(request: KubeRequest): Promise<KubeAnswer> {
    let putOff = 0;
    let lost = 0;
    for (;;) {
      await this.#admit(request);
      const outcome = await this.#try(request);
      let waitMs: number;
      if (outcome instanceof ConnectionLost) {
        if (lost === MAX_LOST) throw outcome.error;
        waitMs = equalJitterMs(LOST_BACKOFF, lost++, this.#options.random);
      } else {
        const { askedMs, ...answer } = outcome;
        if (askedMs === undefined || putOff++ === MAX_PUT_OFF) {
          return { ...answer, resent: lost > 0 };
        }
        waitMs = askedMs;
      }
      this.#options.metrics?.retried({
        host: this.#host,
        method: request.method,
        code: codeOf(outcome),
      });
      await sleep(this.#options.clock, waitMs, request.signal);
    }
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  async #admit({ priority = 'transition', signal, method }: KubeRequest): Promise<void> {
    const { clock, metrics } = this.#options;
    const startMs = clock.monotonicMs();
    await this.#limiter.acquire(priority, signal);
    metrics?.admitted({ host: this.#host, method, waitedMs: clock.monotonicMs() - startMs });
  }

  async #try(request: KubeRequest): Promise<Answered | ConnectionLost> {
    const { clock, metrics } = this.#options;
    const startMs = clock.monotonicMs();
    const outcome = await this.#exchange(request);
    metrics?.answered({
      host: this.#host,
      method: request.method,
      code: codeOf(outcome),
      durationMs: clock.monotonicMs() - startMs,
    });
    return outcome;
  }

  async #exchange(request: KubeRequest): Promise<Answered | ConnectionLost> {
    const { clock, timeoutMs } = this.#options;
    const deadline = new Deadline(clock, timeoutMs, {
      parent: request.signal,
      error: environmentError(
        'KUBE_TIMEOUT',
        `${request.what}: the API server at ${this.#host} did not answer within ${timeoutMs} ms`,
      ),
    });
    try {
      return await this.#answer(request, await this.#dispatch(request, deadline.signal), deadline);
    } catch (error) {
      deadline.release();
      if (deadline.signal.aborted) throw deadline.signal.reason;
      if (error instanceof TenantBotError) throw error;
      return new ConnectionLost(this.#unreachable(request.what, error));
    }
  }

  async #dispatch(request: KubeRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { access, userAgent } = this.#options;
    const credentials = await access.credentials();
    signal.throwIfAborted();
    const { method, path, accept = 'application/json', body, guard } = request;
    const pool = request.watch || request.priority === 'election' ? 'own' : 'shared';
    const dispatcher = this.#connections.dispatcher(pool, credentials);
    return (guard ? dispatcher.compose(guardedBy(guard)) : dispatcher).request({
      origin: access.server.origin,
      method,
      path: this.#basePath + path,
      headers: {
        ...credentials.headers,
        accept,
        'user-agent': userAgent,
        ...(body && { 'content-type': body.contentType }),
      },
      body: body ? JSON.stringify(body.content) : null,
      signal,
      // The deadline above counts for all of it; a watch is silent for as long as it likes.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async #answer(
    request: KubeRequest,
    { statusCode: status, headers, body }: Dispatcher.ResponseData,
    deadline: Deadline,
  ): Promise<Answered> {
    if (request.watch && status === 200) {
      deadline.lift();
      return { status, text: '', stream: this.#stream(request, body, deadline) };
    }
    const text = await body.text();
    deadline.release();
    const askedMs =
      status === 429 || status === 503 ? retryAfterMs(headers['retry-after']) : undefined;
    return { status, text, ...(askedMs !== undefined && { askedMs }) };
  }

  async *#stream(
    { what }: KubeRequest,
    body: AsyncIterable<Uint8Array>,
    deadline: Deadline,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw deadline.signal.aborted ? deadline.signal.reason : this.#unreachable(what, error);
    } finally {
      deadline.release();
    }
  }

  #unreachable(what: string, cause: unknown): TenantBotError {
    const why = errorCode(cause) === 'UND_ERR_SOCKET' ? 'the connection broke' : words(cause);
    return environmentError(
      'KUBE_UNREACHABLE',
      `${what}: the API server at ${this.#host} cannot be reached: ${why}`,
      cause,
    );
  }
}

interface Answered extends Omit<KubeAnswer, 'resent'> {
  /** How long the server asks to wait before the same request comes again. */
  readonly askedMs?: number;
}

/** No answer came: nobody knows whether the request was carried out. */
class ConnectionLost {
  readonly error: TenantBotError;

  constructor(error: TenantBotError) {
    this.error = error;
  }
}

/** How long the server asks to wait. It speaks of seconds only, never of a date. */
function retryAfterMs(header: string | readonly string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d+$/.test(header) ? Number(header) * 1000 : undefined;
}

/** `<error>` is client-go's word in its metrics. */
function codeOf(outcome: Answered | ConnectionLost): string {
  return outcome instanceof ConnectionLost ? '<error>' : String(outcome.status);
}

/** Node tells of several addresses in an error without words. */
function words(cause: unknown): string {
  return errorMessage(cause) || (errorCode(cause) ?? 'the reason is unknown');
}
