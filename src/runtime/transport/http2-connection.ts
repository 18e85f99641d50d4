import type { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { ExchangeController, ExchangeHandler } from './carrier.ts';
import type { Connect, SocketEvents } from './connect.ts';
import { statusIn } from './hpack.ts';
import {
  encodeFrame,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  Http2Error,
  uint32,
  unpadded,
} from './http2-frames.ts';
import { TransportError } from './transport-error.ts';

/** Who is told of a connection's state. */
export interface Http2Owner {
  /** It takes requests, or takes some again: see {@link Http2Connection.room}. */
  onRoom(connection: Http2Connection): void;
  /** It speaks HTTP/1.1 only, and is of no use. */
  onOtherProtocol(connection: Http2Connection): void;
  /** It carries nothing any more. */
  onIdle(connection: Http2Connection): void;
  /** It is closed, or could not be opened. */
  onClosed(connection: Http2Connection, error: Error | undefined): void;
}

export interface Http2ConnectionOptions {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly owner: Http2Owner;
  /** How many requests it may carry at once, where the server allows as many. */
  readonly maxStreams: number;
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTING = { headerTableSize: 1, enablePush: 2, maxStreams: 3, initialWindow: 4 } as const;
const SETTING_BYTES = 6;
const CANCEL = 8;
const MAX_WINDOW = 2 ** 31 - 1;
const FIRST_WINDOW = 65_535;
/** How much comes in before the server is told that it may send as much again. */
const REFILL_BYTES = 2 ** 24;
/** No streams are opened with higher ids; then another connection takes over. */
const LAST_STREAM = 2 ** 30;
/** In this time the server must say how many requests it takes, and answer a ping. */
const ANSWER_MS = 5_000;
const MAX_HEADERS_BYTES = 64 * 1024;

/** One request on its way. */
class Stream implements ExchangeController {
  readonly id: number;
  readonly handler: ExchangeHandler;
  status = 0;
  readonly #connection: Http2Connection;

  constructor(connection: Http2Connection, id: number, handler: ExchangeHandler) {
    this.#connection = connection;
    this.id = id;
    this.handler = handler;
  }

  abort(reason: Error): void {
    this.#connection.cancel(this, reason);
  }
}

/**
 * A connection to a server that speaks HTTP/2 (RFC 9113), for many GETs at once. What comes in is
 * bounded by whoever handles it, so that the server may always send.
 */
export class Http2Connection implements SocketEvents {
  readonly #options: Http2ConnectionOptions;
  readonly #socket: TLSSocket;
  readonly #reader = new FrameReader((frame) => this.#take(frame));
  readonly #streams = new Map<number, Stream>();
  #nextId = 1;
  /** None before the server has said how many it takes. */
  #maxStreams = 0;
  #draining = false;
  #unacknowledged = 0;
  /** Headers whose end has not come. */
  #headers: { readonly first: Frame; block: Buffer } | undefined;
  /** Ends the connection unless the server answers. */
  #deadline: Timer | undefined;
  /** Why we have closed it. */
  #reason: Error | undefined;

  /** Opens it. */
  constructor(options: Http2ConnectionOptions) {
    this.#options = options;
    this.#socket = options.connect(this) as TLSSocket;
  }

  /** How many more requests it takes now. */
  get room(): number {
    return this.#draining ? 0 : Math.max(0, this.#maxStreams - this.#streams.size);
  }

  /** Sends a GET with these headers, unless its handler aborts it at once. */
  send(headers: string, handler: ExchangeHandler): void {
    const stream = new Stream(this, this.#nextId, handler);
    this.#streams.set(stream.id, stream);
    handler.onRequestStart(stream);
    // Aborted: it was never sent.
    if (!this.#streams.has(stream.id)) return;
    this.#nextId += 2;
    if (this.#nextId > LAST_STREAM) this.#draining = true;
    this.#write(encodeFrame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream.id, headers));
  }

  /** Breaks off one request. */
  cancel(stream: Stream, reason: Error): void {
    if (this.#streams.get(stream.id) !== stream) return;
    if (stream.id < this.#nextId)
      this.#write(encodeFrame(FRAME.resetStream, 0, stream.id, uint32(CANCEL)));
    this.#fail(stream, reason);
    if (reason instanceof TransportError && reason.fault === 'timeout') this.#probe();
  }

  /** Closes the connection. Requests that are under way fail with `reason`. */
  abort(reason: Error): void {
    this.#draining = true;
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  onOpen(): void {
    if (this.#socket.alpnProtocol !== 'h2') {
      this.#options.owner.onOtherProtocol(this);
      return;
    }
    const settings =
      setting(SETTING.headerTableSize, 0) +
      setting(SETTING.enablePush, 0) +
      setting(SETTING.initialWindow, MAX_WINDOW);
    const window = encodeFrame(FRAME.windowUpdate, 0, 0, uint32(MAX_WINDOW - FIRST_WINDOW));
    this.#expectAnswer();
    this.#write(PREFACE + encodeFrame(FRAME.settings, 0, 0, settings) + window);
  }

  onBytes(bytes: Buffer): void {
    if (this.#reason) return;
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.abort(error as Error);
    }
  }

  onClosed(error: Error | undefined): void {
    this.#draining = true;
    this.#answered();
    const reason = this.#reason ?? error;
    this.#options.owner.onClosed(this, reason);
    const why = reason ?? new Error('the server closed the connection');
    for (const stream of this.#streams.values()) stream.handler.onResponseError(stream, why);
    this.#streams.clear();
  }

  #write(frames: string): void {
    this.#socket.write(frames, 'latin1');
  }

  #take(frame: Frame): void {
    if (this.#headers && frame.type !== FRAME.continuation)
      throw new Http2Error('headers break off');
    switch (frame.type) {
      case FRAME.data:
        this.#takeData(frame);
        return;
      case FRAME.headers:
        this.#takeHeaders(frame, headersIn(frame));
        return;
      case FRAME.continuation:
        this.#takeContinuation(frame);
        return;
      case FRAME.resetStream:
        this.#takeReset(frame);
        return;
      case FRAME.pushPromise:
        throw new Http2Error('a push that was forbidden');
      case FRAME.settings:
      case FRAME.ping:
      case FRAME.goAway:
        this.#takeControl(frame);
        return;
      // We send nothing that takes a window.
      default:
    }
  }

  #takeData(frame: Frame): void {
    this.#unacknowledged += frame.payload.length;
    if (this.#unacknowledged >= REFILL_BYTES) {
      this.#write(encodeFrame(FRAME.windowUpdate, 0, 0, uint32(this.#unacknowledged)));
      this.#unacknowledged = 0;
    }
    const stream = this.#streams.get(frame.streamId);
    if (!stream) return;
    const data = unpadded(frame);
    if (data.length > 0) stream.handler.onResponseData(stream, Buffer.from(data));
    if (frame.flags & FLAG.endStream) this.#end(stream);
  }

  #takeHeaders(first: Frame, block: Buffer): void {
    if (first.flags & FLAG.endHeaders) this.#endHeaders(first, block);
    else this.#headers = { first, block: Buffer.from(block) };
  }

  #takeContinuation({ streamId, flags, payload }: Frame): void {
    const headers = this.#headers;
    if (headers?.first.streamId !== streamId) throw new Http2Error('headers out of place');
    headers.block = Buffer.concat([headers.block, payload]);
    if (headers.block.length > MAX_HEADERS_BYTES) throw new Http2Error('endless headers');
    if (!(flags & FLAG.endHeaders)) return;
    this.#headers = undefined;
    this.#endHeaders(headers.first, headers.block);
  }

  #endHeaders({ streamId, flags }: Frame, block: Buffer): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    // Those after the body tell nothing that we ask for.
    if (stream.status === 0) {
      const status = statusIn(block);
      // 100 and 103 announce the response.
      if (status < 200) return;
      stream.status = status;
      stream.handler.onResponseStart(stream, status);
    }
    if (flags & FLAG.endStream) this.#end(stream);
  }

  #takeReset({ streamId, payload }: Frame): void {
    const stream = this.#streams.get(streamId);
    if (stream)
      this.#fail(stream, new Error(`the server reset the request (${codeIn(payload, 0)})`));
  }

  #takeControl({ type, flags, payload }: Frame): void {
    if (type === FRAME.goAway) this.#goAway(payload);
    else if (type === FRAME.ping) this.#takePing(flags, payload);
    else if (!(flags & FLAG.ack)) this.#settle(payload);
  }

  #settle(settings: Buffer): void {
    let allowed = this.#maxStreams || this.#options.maxStreams;
    for (let at = 0; at + SETTING_BYTES <= settings.length; at += SETTING_BYTES) {
      if (settings.readUInt16BE(at) === SETTING.maxStreams) allowed = settings.readUInt32BE(at + 2);
    }
    if (this.#maxStreams === 0) this.#answered();
    this.#maxStreams = Math.min(allowed, this.#options.maxStreams);
    this.#write(encodeFrame(FRAME.settings, FLAG.ack, 0));
    if (this.room > 0) this.#options.owner.onRoom(this);
  }

  #takePing(flags: number, payload: Buffer): void {
    if (flags & FLAG.ack) {
      this.#answered();
    } else this.#write(encodeFrame(FRAME.ping, FLAG.ack, 0, payload.toString('latin1')));
  }

  /** The server takes no more requests. What it has not begun it never will. */
  #goAway(payload: Buffer): void {
    this.#draining = true;
    const lastId = codeIn(payload, 0) & MAX_WINDOW;
    const gone = new Error('the server wants another connection');
    for (const stream of this.#streams.values()) {
      if (stream.id > lastId) this.#fail(stream, gone);
    }
    if (this.#streams.size === 0) this.abort(gone);
  }

  /** Finds out whether anybody is still there. */
  #probe(): void {
    if (this.#deadline || this.#socket.destroyed) return;
    this.#expectAnswer();
    this.#write(encodeFrame(FRAME.ping, 0, 0, '\0'.repeat(8)));
  }

  #expectAnswer(): void {
    this.#deadline = this.#options.clock.setTimer(ANSWER_MS, () =>
      this.abort(Object.assign(new Error('the connection is dead'), { code: 'ETIMEDOUT' })),
    );
  }

  #answered(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  #end(stream: Stream): void {
    if (stream.status === 0) throw new Http2Error('a response without a status');
    this.#remove(stream);
    stream.handler.onResponseEnd(stream);
  }

  #fail(stream: Stream, reason: Error): void {
    this.#remove(stream);
    stream.handler.onResponseError(stream, reason);
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream.id);
    if (this.#draining) {
      if (this.#streams.size === 0) this.abort(new Error('the connection is used up'));
      return;
    }
    if (this.room === 1) this.#options.owner.onRoom(this);
    if (this.#streams.size === 0) this.#options.owner.onIdle(this);
  }
}

function setting(id: number, value: number): string {
  return String.fromCharCode(0, id) + uint32(value);
}

/** The headers in a frame, without padding and priority. */
function headersIn(frame: Frame): Buffer {
  const content = unpadded(frame);
  return frame.flags & FLAG.priority ? content.subarray(5) : content;
}

function codeIn(payload: Buffer, at: number): number {
  if (payload.length < at + 4) throw new Http2Error('a frame is too short');
  return payload.readUInt32BE(at);
}
