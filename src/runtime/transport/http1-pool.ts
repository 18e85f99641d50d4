import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../lib/clock.ts';
import { type Carrier, checkPath, type ExchangeHandler, failUnsent } from './carrier.ts';
import { type Connect, connectionClosed } from './connect.ts';
import { type ConnectionOwner, Http1Connection, type WrittenRequest } from './http1-connection.ts';

export interface Http1PoolOptions {
  readonly origin: URL;
  readonly connect: Connect;
  readonly clock: Clock;
  /** No limit unless given; requests beyond it wait. */
  readonly maxConnections?: number;
  /** How long an unused connection is kept. */
  readonly keepAliveMs: number;
}

interface IdleConnection {
  readonly connection: Http1Connection;
  readonly sinceMs: number;
}

/**
 * Connections over HTTP/1.1 to one server, kept alive, for requests whose body is a text or
 * nothing. It does what undici's Pool does for these, at half of its CPU: a poll and a reply are
 * most of what a bot costs ([measurements](../../../docs/benchmarks.md)).
 *
 * A free connection takes the request that waits longest. The one used last is used first, so that
 * those that are not needed age, and are closed.
 */
export class Http1Pool implements Carrier, ConnectionOwner {
  readonly #options: Http1PoolOptions;
  readonly #fixedHead: string;
  /** Those that are being opened, and those that are open. */
  readonly #connecting = new Set<Http1Connection>();
  readonly #open = new Set<Http1Connection>();
  /** Those of them that carry nothing, the one used last at the end. */
  readonly #idle: IdleConnection[] = [];
  readonly #waiting: WrittenRequest[] = [];
  #sweep: Timer | undefined;
  #destroyed = false;
  readonly #allClosed = Promise.withResolvers<void>();

  constructor(options: Http1PoolOptions) {
    this.#options = options;
    this.#fixedHead = `host: ${options.origin.host}\r\nconnection: keep-alive\r\n`;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: ExchangeHandler): void {
    if (this.#destroyed) throw connectionClosed();
    this.#waiting.push(written(options, this.#fixedHead, handler));
    this.#serve();
    this.#grow();
  }

  /** Breaks off whatever still runs; resolves when all connections are closed. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    this.#sweep?.cancel();
    for (const { handler } of this.#waiting.splice(0)) failUnsent(handler, connectionClosed());
    for (const connection of [...this.#connecting, ...this.#open])
      connection.abort(connectionClosed());
    if (this.#size > 0) await this.#allClosed.promise;
  }

  onFree(connection: Http1Connection): void {
    if (this.#connecting.delete(connection)) this.#open.add(connection);
    this.#idle.push({ connection, sinceMs: this.#options.clock.monotonicMs() });
    this.#serve();
    this.#armSweep();
  }

  onClosed(connection: Http1Connection, error: Error | undefined): void {
    if (this.#connecting.delete(connection)) {
      const request = this.#waiting.shift();
      if (request) failUnsent(request.handler, error ?? connectionClosed());
    }
    this.#open.delete(connection);
    if (this.#size === 0) this.#allClosed.resolve();
    const index = this.#idle.findIndex((idle) => idle.connection === connection);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#grow();
  }

  get #size(): number {
    return this.#connecting.size + this.#open.size;
  }

  /** Gives requests to free connections while there are both. */
  #serve(): void {
    while (this.#waiting.length > 0) {
      const idle = this.#idle.at(-1);
      if (!idle) return;
      const request = this.#waiting.shift();
      if (request && idle.connection.send(request)) this.#idle.pop();
    }
  }

  /** Opens a connection for each request that waits, as far as it may. */
  #grow(): void {
    const { connect, maxConnections = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#connecting.size < this.#waiting.length && this.#size < maxConnections) {
      this.#connecting.add(new Http1Connection(connect, this));
    }
  }

  /** One timer for all of them. */
  #armSweep(): void {
    const [oldest] = this.#idle;
    if (!oldest || this.#sweep) return;
    const { clock, keepAliveMs } = this.#options;
    const dueMs = oldest.sinceMs + keepAliveMs;
    this.#sweep = clock.setTimer(dueMs - clock.monotonicMs(), () => {
      this.#sweep = undefined;
      const nowMs = clock.monotonicMs();
      const young = this.#idle.findIndex(({ sinceMs }) => sinceMs + keepAliveMs > nowMs);
      const old = this.#idle.splice(0, young < 0 ? this.#idle.length : young);
      for (const { connection } of old) connection.abort(connectionClosed());
      this.#armSweep();
    });
  }
}

/** Anything else would let a header end early. */
const HEADER = /^[\t\x20-\x7e]*$/;

function written(
  { method, path, headers, body }: Dispatcher.DispatchOptions,
  fixedHead: string,
  handler: ExchangeHandler,
): WrittenRequest {
  checkPath(path);
  let head = `${method} ${path} HTTP/1.1\r\n${fixedHead}`;
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, string>)) {
    if (!HEADER.test(name + value)) throw new TypeError('a header holds what no header may hold');
    head += `${name}: ${value}\r\n`;
  }
  if (method === 'GET') return { text: `${head}\r\n`, encoding: 'latin1', handler };
  const text = typeof body === 'string' ? body : '';
  const length = Buffer.byteLength(text);
  return { text: `${head}content-length: ${length}\r\n\r\n${text}`, encoding: 'utf8', handler };
}
