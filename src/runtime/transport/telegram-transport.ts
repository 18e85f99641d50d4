import { AsyncLocalStorage } from 'node:async_hooks';
import { createSecureContext } from 'node:tls';
import { type buildConnector, Pool } from 'undici';
import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Carrier } from './carrier.ts';
import { createConnect } from './connect.ts';
import { createCachedLookup } from './dns-cache.ts';
import { type ExchangeAnswer, type ExchangeRequest, exchange } from './exchange.ts';
import { Http1Pool } from './http1-pool.ts';

/** How the fleet's bots reach Telegram. */
export type TelegramSettings = BotFleetSpec['telegram'];

/** A request to the Bot API server. Its path holds a token: it must not reach any text. */
export type TelegramRequest = Omit<ExchangeRequest, 'origin' | 'maxBytes' | 'headersTimeoutMs'>;

/** No answer of the Bot API is anywhere near. */
const MAX_ANSWER_BYTES = 50 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/** Longer than undici's 4 s: a handshake costs more than an idle socket. Server hints shorten it. */
const KEEP_ALIVE_MS = 30_000;
const SEND_CONNECTIONS = 64;
const UPLOAD_CONNECTIONS = 16;
/** Below what servers allow (nginx 128); theirs counts where it is lower. */
const STREAMS_PER_CONNECTION = 100;

/**
 * The one way from a runtime to Telegram, for all of its bots. Polls and sends have connections of
 * their own, so that no reply waits behind a held poll. Over HTTP/1.1 each open poll holds one
 * connection; over HTTP/2 up to {@link STREAMS_PER_CONNECTION} share one, and undici opens the
 * next as soon as the first is full (`SETTINGS_MAX_CONCURRENT_STREAMS` may lower that). Polls are
 * not limited here: each bot has at most one. Sends hold no connection, and a call over HTTP/2
 * costs more CPU than one over HTTP/1.1: they always take the latter.
 *
 * undici carries HTTP/2 and uploads; all else takes our own {@link Http1Pool}, which costs half.
 */
export class TelegramTransport {
  /** Where the Bot API server is, without a slash at the end. */
  readonly apiRoot: string;
  readonly #basePath: string;
  readonly #http2: boolean;
  readonly #clock: Clock;
  /** Connections outlive the bot that happens to open them, and nothing in them is its own. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #polls: Pool | Http1Pool;
  readonly #sends: Http1Pool;
  readonly #uploads: Pool;

  constructor(settings: TelegramSettings, clock: Clock) {
    const origin = new URL(settings.apiRoot);
    this.#basePath = origin.pathname.replace(/\/+$/, '');
    this.apiRoot = origin.origin + this.#basePath;
    this.#http2 = settings.http2 && origin.protocol === 'https:';
    this.#clock = clock;
    const shared = {
      lookup: createCachedLookup(clock),
      // One for all connections: a context of its own would cost each of them its memory.
      ...(origin.protocol === 'https:' && {
        secureContext: createSecureContext(settings.caBundle ? { ca: settings.caBundle } : {}),
      }),
    };
    const connecting = { ...shared, origin, clock, timeoutMs: CONNECT_TIMEOUT_MS };
    const connect = createConnect({ ...connecting, protocol: 'http/1.1' });
    const http1 = { origin, connect, clock, keepAliveMs: KEEP_ALIVE_MS };
    const options = { ...shared, timeout: CONNECT_TIMEOUT_MS };
    this.#sends = new Http1Pool({ ...http1, maxConnections: SEND_CONNECTIONS });
    this.#polls = this.#http2
      ? new Pool(origin.origin, {
          ...poolOptions({ ...options, preferH2: true }),
          allowH2: true,
          h2Options: { maxConcurrentStreams: STREAMS_PER_CONNECTION },
        })
      : new Http1Pool(http1);
    this.#uploads = new Pool(origin.origin, {
      ...poolOptions(options),
      allowH2: false,
      connections: UPLOAD_CONNECTIONS,
    });
  }

  /** The path of a Bot API method. It holds the token. */
  pathOf(token: Secret, method: string): string {
    return `${this.#basePath}/bot${token.reveal()}/${method}`;
  }

  /** Sends a long poll. Rejects with a `TransportError`, and with nothing else. */
  poll(request: TelegramRequest): Promise<ExchangeAnswer> {
    // On a timeout of its own, undici pings a shared connection and drops it where it is dead.
    const headersTimeoutMs = this.#http2 ? Math.ceil(request.timeoutMs * 0.95) : 0;
    return this.#exchange(this.#polls, { ...request, headersTimeoutMs });
  }

  /** Sends any other call. Rejects with a `TransportError`, and with nothing else. */
  send(request: TelegramRequest): Promise<ExchangeAnswer> {
    const isText = typeof request.body === 'string';
    return this.#exchange(isText ? this.#sends : this.#uploads, request);
  }

  /** Breaks off whatever still runs and closes all connections. */
  async close(): Promise<void> {
    await Promise.all([this.#polls.destroy(), this.#sends.destroy(), this.#uploads.destroy()]);
  }

  #exchange(carrier: Carrier, request: Omit<ExchangeRequest, 'maxBytes'>): Promise<ExchangeAnswer> {
    const bounded = { ...request, maxBytes: MAX_ANSWER_BYTES };
    return this.#outside(() => exchange(carrier, this.#clock, bounded));
  }
}

function poolOptions(connect: buildConnector.BuildOptions): Pool.Options {
  return { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0, connect };
}
