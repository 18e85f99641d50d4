/** Who is told of a response while it comes in. */
export interface ResponseSink {
  /** The final status. */
  onHead(status: number): void;
  /** A piece of the body, in memory of its own. */
  onData(chunk: Buffer): void;
}

/** The other side does not speak HTTP/1.1. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse';
  readonly code = 'HTTP_MALFORMED';
}

/** What comes next. A body without a length ends with the connection. */
type Expected =
  | { readonly kind: 'head' | 'chunk-size' | 'chunk-end' | 'trailers' }
  | { readonly kind: 'end-of-connection' | 'nothing' }
  | { readonly kind: 'body' | 'chunk'; left: number };

const NO_BYTES = Buffer.alloc(0);
const END_OF_LINE = Buffer.from('\r\n');
const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** As undici has it. */
const MAX_HEAD_BYTES = 16 * 1024;

/**
 * Reads one HTTP/1.1 response (RFC 9112) to a GET or POST, in whatever pieces it comes. Strict, so
 * that nothing that could be read in two ways is taken for a response. Of the headers it keeps none
 * but those that say where the response ends: nobody asks for others, and they come with each.
 */
export class ResponseReader {
  readonly #sink: ResponseSink;
  #expected: Expected = { kind: 'head' };
  /** The beginning of a head or line whose end has not come. */
  #unread: Buffer = NO_BYTES;
  #reusable = true;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  get complete(): boolean {
    return this.#expected.kind === 'nothing';
  }

  /** Whether another request may follow over the connection once the response is complete. */
  get reusable(): boolean {
    return this.#reusable;
  }

  /** Takes the next bytes, and keeps none of their memory. Throws a {@link MalformedResponse}. */
  read(chunk: Buffer): void {
    let bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    this.#unread = NO_BYTES;
    while (bytes.length > 0) {
      const rest = this.#take(bytes);
      if (!rest) {
        if (bytes.length > MAX_HEAD_BYTES) throw new MalformedResponse('endless head');
        this.#unread = Buffer.from(bytes);
        return;
      }
      bytes = rest;
    }
  }

  /** The connection has ended. Throws a {@link MalformedResponse} where that was too early. */
  end(): void {
    this.#reusable = false;
    if (this.#expected.kind === 'end-of-connection') this.#expected = { kind: 'nothing' };
    if (!this.complete) throw new MalformedResponse('ended too early');
  }

  /** Returns what is left of `bytes`; undefined where they end too early to be taken. */
  #take(bytes: Buffer): Buffer | undefined {
    const expected = this.#expected;
    switch (expected.kind) {
      case 'head':
        return this.#takeHead(bytes);
      case 'body':
      case 'chunk':
        return this.#takeBody(bytes, expected);
      case 'chunk-size':
        return this.#takeLine(bytes, (line) => this.#beginChunk(line));
      case 'chunk-end':
      case 'trailers':
        return this.#takeLine(bytes, (line) => this.#endChunk(line));
      case 'end-of-connection':
        this.#sink.onData(Buffer.from(bytes));
        return NO_BYTES;
      case 'nothing':
        // Whatever this is, nobody has asked for it.
        this.#reusable = false;
        return NO_BYTES;
      default:
        return expected satisfies never;
    }
  }

  #takeHead(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) return undefined;
    const head = parseHead(bytes.toString('latin1', 0, end));
    // 100 and 103 announce the response; what 101 announces is no HTTP.
    if (head.status === 101) throw new MalformedResponse('another protocol');
    if (head.status >= 200) {
      this.#expected = bodyOf(head);
      this.#reusable = head.persistent && this.#expected.kind !== 'end-of-connection';
      this.#sink.onHead(head.status);
    }
    return bytes.subarray(end + END_OF_HEAD.length);
  }

  #takeBody(bytes: Buffer, body: { readonly kind: 'body' | 'chunk'; left: number }): Buffer {
    const taken = bytes.subarray(0, body.left);
    body.left -= taken.length;
    if (body.left === 0) {
      this.#expected = { kind: body.kind === 'body' ? 'nothing' : 'chunk-end' };
    }
    this.#sink.onData(Buffer.from(taken));
    return bytes.subarray(taken.length);
  }

  #takeLine(bytes: Buffer, take: (line: string) => void): Buffer | undefined {
    const end = bytes.indexOf(END_OF_LINE);
    if (end < 0) return undefined;
    take(bytes.toString('latin1', 0, end));
    return bytes.subarray(end + END_OF_LINE.length);
  }

  #beginChunk(line: string): void {
    const [, size] = /^([\da-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
    if (size === undefined) throw new MalformedResponse('wrong chunk');
    const left = Number.parseInt(size, 16);
    this.#expected = left === 0 ? { kind: 'trailers' } : { kind: 'chunk', left };
  }

  #endChunk(line: string): void {
    if (this.#expected.kind === 'trailers') {
      if (line === '') this.#expected = { kind: 'nothing' };
      return;
    }
    if (line !== '') throw new MalformedResponse('wrong chunk');
    this.#expected = { kind: 'chunk-size' };
  }
}

interface Head {
  readonly status: number;
  /** Whether the server goes on with the connection. */
  persistent: boolean;
  length?: string;
  encoding?: string;
}

/** A status line, and headers with a name and a colon each. */
const HEAD = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?(?:\r\n[\w!#$%&'*+.^`|~-]+:[^\r\n]*)*$/;
/** The headers that say where a response ends, and whether another may follow. */
const FRAMING =
  /\r\n(?:content-length:[ \t]*([^\r\n]*)|transfer-encoding:[ \t]*([^\r\n]*)|connection:[^\r\n]*\b(close)\b)/gi;

function parseHead(text: string): Head {
  const [, minor, status] = HEAD.exec(text) ?? [];
  if (status === undefined) throw new MalformedResponse('no HTTP/1.1');
  const head: Head = { status: Number(status), persistent: minor === '1' };
  for (const [, length, encoding, close] of text.matchAll(FRAMING)) {
    if (length !== undefined) head.length = both(head.length, length);
    else if (encoding !== undefined) head.encoding = both(head.encoding, encoding);
    else if (close !== undefined) head.persistent = false;
  }
  return head;
}

/** A header that comes twice is a list. */
function both(before: string | undefined, value: string): string {
  return before === undefined ? value.trimEnd() : `${before}, ${value.trimEnd()}`;
}

function bodyOf({ status, length, encoding }: Head): Expected {
  if (encoding !== undefined) {
    // With a length too, one of the two would be a lie.
    if (encoding.toLowerCase() !== 'chunked' || length !== undefined) {
      throw new MalformedResponse('wrong transfer-encoding');
    }
    return { kind: 'chunk-size' };
  }
  if (status === 204 || status === 304) return { kind: 'nothing' };
  if (length === undefined) return { kind: 'end-of-connection' };
  if (!/^\d{1,15}$/.test(length)) throw new MalformedResponse('wrong content-length');
  const left = Number(length);
  return left === 0 ? { kind: 'nothing' } : { kind: 'body', left };
}
