import type { Socket } from 'node:net';
import type { ExchangeController, ExchangeHandler } from './carrier.ts';
import type { Connect, SocketEvents } from './connect.ts';
import { ResponseReader, type ResponseSink } from './http1-response.ts';

/** A request in the form in which it is written. */
export interface WrittenRequest {
  readonly text: string;
  readonly encoding: 'latin1' | 'utf8';
  readonly handler: ExchangeHandler;
}

/** Who is told of a connection's state. */
export interface ConnectionOwner {
  /** It is open, or the request is over: another may follow. */
  onFree(connection: Http1Connection): void;
  /** It is closed, or could not be opened. */
  onClosed(connection: Http1Connection, error: Error | undefined): void;
}

/** A connection to a server that speaks HTTP/1.1; it carries one request at a time. */
export class Http1Connection implements ExchangeController, ResponseSink, SocketEvents {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #handler: ExchangeHandler | undefined;
  #reader: ResponseReader | undefined;
  /** Why we have closed it. */
  #reason: Error | undefined;

  /** Opens it. */
  constructor(connect: Connect, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#socket = connect(this);
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
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  onHead(status: number): void {
    this.#handler?.onResponseStart(this, status);
  }

  onData(chunk: Buffer): void {
    this.#handler?.onResponseData(this, chunk);
  }

  onOpen(): void {
    this.#owner.onFree(this);
  }

  onBytes(bytes: Buffer): void {
    if (!this.#handler) {
      this.abort(new Error('the server speaks unasked'));
      return;
    }
    this.#reader ??= new ResponseReader(this);
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.abort(error as Error);
      return;
    }
    if (this.#reader.complete) this.#complete(this.#reader);
  }

  onClosed(error: Error | undefined): void {
    const reason = this.#reason ?? error;
    this.#owner.onClosed(this, reason);
    const handler = this.#handler;
    if (!handler) return;
    try {
      if (reason) throw reason;
      if (!this.#reader) throw new Error('the server closed the connection');
      this.#reader.end();
      this.#complete(this.#reader);
    } catch (error) {
      this.#handler = undefined;
      handler.onResponseError(this, error as Error);
    }
  }

  #complete({ reusable }: ResponseReader): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#reader = undefined;
    if (reusable && !this.#socket.destroyed) this.#owner.onFree(this);
    else this.#socket.destroy();
    handler?.onResponseEnd(this);
  }
}
