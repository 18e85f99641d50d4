import { AsyncLocalStorage } from 'node:async_hooks';
import { createSecureContext } from 'node:tls';
import { Pool } from 'undici';
import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Carrier } from './carrier.ts';
import { createConnect } from './connect.ts';
import { createCachedLookup } from './dns-cache.ts';
import { type ExchangeAnswer, type ExchangeRequest, exchange } from './exchange.ts';
import { Http1Pool } from './http1-pool.ts';
import { Http2Pool } from './http2-pool.ts';

/** How the fleet's bots reach Telegram. */
export type TelegramSettings = BotFleetSpec['telegram'];

/** A request to the Bot API server. Its path holds a token: it must not reach any text. */
export type TelegramRequest = Omit<ExchangeRequest, 'origin' | 'maxBytes'>;

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
 * connection; over HTTP/2 up to {@link STREAMS_PER_CONNECTION} share one, and another is opened as
 * soon as the first is full (the server may allow fewer). Polls are not limited here: each bot has
 * at most one. Sends hold no connection: they always go over HTTP/1.1.
 *
 * undici carries uploads; all else takes our own {@link Http1Pool} and {@link Http2Pool}, which
 * cost half.
 */
export class TelegramTransport {
  /** Where the Bot API server is, without a slash at the end. */
  readonly apiRoot: string;
  readonly #basePath: string;
  readonly #clock: Clock;
  /** Connections outlive the bot that happens to open them, and nothing in them is its own. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #polls: Http2Pool | Http1Pool;
  readonly #sends: Http1Pool;
  readonly #uploads: Pool;

  constructor(settings: TelegramSettings, clock: Clock) {
    const origin = new URL(settings.apiRoot);
    this.#basePath = origin.pathname.replace(/\/+$/, '');
    this.apiRoot = origin.origin + this.#basePath;
    this.#clock = clock;
    const shared = {
      lookup: createCachedLookup(clock),
      // One for all connections: a context of its own would cost each of them its memory.
      ...(origin.protocol === 'https:' && {
        secureContext: createSecureContext(settings.caBundle ? { ca: settings.caBundle } : {}),
      }),
    };
    const connecting = { ...shared, origin, clock, timeoutMs: CONNECT_TIMEOUT_MS };
    const http1 = {
      origin,
      connect: createConnect({ ...connecting, protocols: ['http/1.1'] }),
      clock,
      keepAliveMs: KEEP_ALIVE_MS,
    };
    this.#sends = new Http1Pool({ ...http1, maxConnections: SEND_CONNECTIONS });
    const polls = new Http1Pool(http1);
    this.#polls =
      settings.http2 && origin.protocol === 'https:'
        ? new Http2Pool({
            ...http1,
            connect: createConnect({ ...connecting, protocols: ['h2', 'http/1.1'] }),
            maxStreams: STREAMS_PER_CONNECTION,
            http1: polls,
          })
        : polls;
    this.#uploads = new Pool(origin.origin, {
      connections: UPLOAD_CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { ...shared, timeout: CONNECT_TIMEOUT_MS },
      allowH2: false,
    });
  }

  /** The path of a Bot API method. It holds the token. */
  pathOf(token: Secret, method: string): string {
    return `${this.#basePath}/bot${token.reveal()}/${method}`;
  }

  /** Sends a long poll. Rejects with a `TransportError`, and with nothing else. */
  poll(request: TelegramRequest): Promise<ExchangeAnswer> {
    return this.#exchange(this.#polls, request);
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
