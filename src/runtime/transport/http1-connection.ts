import type { Duplex } from 'node:stream';
import type { ExchangeController, ExchangeHandler } from './carrier.ts';
import { ResponseReader, type ResponseSink } from './http1-response.ts';

/** A request in the form in which it is written. */
export interface WrittenRequest {
  readonly text: string;
  readonly encoding: 'latin1' | 'utf8';
  readonly handler: ExchangeHandler;
}

/** Who is told of a connection's state. */
export interface ConnectionOwner {
  /** The request is over, and another may follow. */
  onFree(connection: Http1Connection): void;
  /** It is closed. */
  onClosed(connection: Http1Connection): void;
}

/** A connection to a server that speaks HTTP/1.1; it carries one request at a time. */
export class Http1Connection implements ExchangeController, ResponseSink {
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner;
  #handler: ExchangeHandler | undefined;
  #reader: ResponseReader | undefined;
  #error: Error | undefined;

  /** Takes over a socket that is connected. */
  constructor(socket: Duplex, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error: Error) => {
      this.#error ??= error;
    });
    socket.once('close', () => this.#closed());
  }

  /**
   * Sends a request. False where its handler aborted it before; the connection is free then.
   */
  send({ text, encoding, handler }: WrittenRequest): boolean {
    let aborted = false;
    handler.onRequestStart({
      abort: (reason) => {
        aborted = true;
        if (this.#handler === handler) this.abort(reason);
      },
    });
    if (aborted) return false;
    this.#handler = handler;
    this.#socket.write(text, encoding);
    return true;
  }

  /** Closes the connection. A request that is under way fails with `reason`. */
  abort(reason: Error): void {
    this.#error ??= reason;
    this.#socket.destroy();
  }

  onHead(status: number, headers: Readonly<Record<string, string>>): void {
    this.#handler?.onResponseStart(this, status, headers);
  }

  onData(chunk: Buffer): void {
    this.#handler?.onResponseData(this, chunk);
  }

  #read(chunk: Buffer): void {
    if (!this.#handler) {
      this.abort(new Error('the server speaks unasked'));
      return;
    }
    this.#reader ??= new ResponseReader(this);
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.abort(error as Error);
      return;
    }
    if (this.#reader.complete) this.#complete(this.#reader);
  }

  #complete({ reusable }: ResponseReader): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#reader = undefined;
    if (reusable && !this.#socket.destroyed) this.#owner.onFree(this);
    else this.#socket.destroy();
    handler?.onResponseEnd(this);
  }

  #closed(): void {
    this.#owner.onClosed(this);
    const handler = this.#handler;
    if (!handler) return;
    try {
      if (this.#error) throw this.#error;
      if (!this.#reader) throw new Error('the server closed the connection');
      this.#reader.end();
      this.#complete(this.#reader);
    } catch (error) {
      this.#handler = undefined;
      handler.onResponseError(this, error as Error);
    }
  }
}
