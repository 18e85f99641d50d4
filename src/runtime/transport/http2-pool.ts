import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../lib/clock.ts';
import { type Carrier, checkPath, type ExchangeHandler, failUnsent } from './carrier.ts';
import { type Connect, connectionClosed } from './connect.ts';
import { createHeadersOfGet } from './hpack.ts';
import type { Http1Pool } from './http1-pool.ts';
import { Http2Connection, type Http2Owner } from './http2-connection.ts';

export interface Http2PoolOptions {
  readonly origin: URL;
  readonly connect: Connect;
  readonly clock: Clock;
  /** How many requests share a connection, where the server allows as many. */
  readonly maxStreams: number;
  /** How long an unused connection is kept. */
  readonly keepAliveMs: number;
  /** What to use where the server does not speak HTTP/2. */
  readonly http1: Http1Pool;
}

interface WaitingRequest {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: ExchangeHandler;
}

/**
 * Connections over HTTP/2 to one server, for GETs without headers of their own: long polls. A
 * request goes over the connection that has had room for the longest, and another is opened when
 * none has; so a held poll is an entry in a map ([measurements](../../../docs/benchmarks.md)).
 */
export class Http2Pool implements Carrier, Http2Owner {
  readonly #options: Http2PoolOptions;
  readonly #headersOf: (path: string) => string;
  readonly #connecting = new Set<Http2Connection>();
  readonly #open = new Set<Http2Connection>();
  /** Those that take more requests. */
  readonly #roomy = new Set<Http2Connection>();
  /** The end of those that carry nothing. */
  readonly #idle = new Map<Http2Connection, Timer>();
  readonly #waiting: WaitingRequest[] = [];
  #speaksHttp1 = false;
  #destroyed = false;
  readonly #allClosed = Promise.withResolvers<void>();

  constructor(options: Http2PoolOptions) {
    this.#options = options;
    this.#headersOf = createHeadersOfGet(options.origin.host);
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: ExchangeHandler): void {
    if (this.#destroyed) throw connectionClosed();
    if (this.#speaksHttp1) {
      this.#options.http1.dispatch(options, handler);
      return;
    }
    checkPath(options.path);
    if (options.method !== 'GET') throw new TypeError('only a GET goes over HTTP/2');
    this.#waiting.push({ options, handler });
    this.#serve();
  }

  /** Breaks off whatever still runs; resolves when all connections are closed. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    for (const { handler } of this.#waiting.splice(0)) failUnsent(handler, connectionClosed());
    for (const connection of [...this.#connecting, ...this.#open]) {
      connection.abort(connectionClosed());
    }
    if (this.#size > 0) await this.#allClosed.promise;
    await this.#options.http1.destroy();
  }

  onRoom(connection: Http2Connection): void {
    if (this.#connecting.delete(connection)) this.#open.add(connection);
    this.#roomy.add(connection);
    this.#serve();
  }

  onIdle(connection: Http2Connection): void {
    const { clock, keepAliveMs } = this.#options;
    this.#idle.get(connection)?.cancel();
    const end = clock.setTimer(keepAliveMs, () => connection.abort(connectionClosed()));
    this.#idle.set(connection, end);
  }

  onOtherProtocol(connection: Http2Connection): void {
    this.#speaksHttp1 = true;
    connection.abort(connectionClosed());
    for (const { options, handler } of this.#waiting.splice(0)) {
      this.#options.http1.dispatch(options, handler);
    }
  }

  onClosed(connection: Http2Connection, error: Error | undefined): void {
    if (this.#connecting.delete(connection)) {
      // Those that it would have carried.
      const failed = this.#waiting.splice(0, this.#options.maxStreams);
      for (const { handler } of failed) failUnsent(handler, error ?? connectionClosed());
    }
    this.#open.delete(connection);
    this.#roomy.delete(connection);
    this.#use(connection);
    if (this.#size === 0) this.#allClosed.resolve();
    this.#serve();
  }

  get #size(): number {
    return this.#connecting.size + this.#open.size;
  }

  /** Sends what waits over connections with room, and opens others for the rest. */
  #serve(): void {
    for (const connection of this.#roomy) {
      while (this.#waiting.length > 0 && connection.room > 0) this.#send(connection);
      if (this.#waiting.length === 0) return;
      this.#roomy.delete(connection);
    }
    const { connect, clock, maxStreams } = this.#options;
    while (this.#connecting.size * maxStreams < this.#waiting.length) {
      this.#connecting.add(new Http2Connection({ connect, clock, maxStreams, owner: this }));
    }
  }

  #send(connection: Http2Connection): void {
    const request = this.#waiting.shift();
    if (!request) return;
    this.#use(connection);
    connection.send(this.#headersOf(request.options.path), request.handler);
  }

  #use(connection: Http2Connection): void {
    if (this.#idle.size === 0) return;
    this.#idle.get(connection)?.cancel();
    this.#idle.delete(connection);
  }
}
