import { Http2Error } from './http2-frames.ts';

/** Places in the static table of RFC 7541. */
const AUTHORITY = 1;
const METHOD_GET = 2;
const PATH = 4;
const SCHEME_HTTPS = 7;
const FIRST_STATUS = 8;
const STATUSES = [200, 204, 206, 304, 400, 404, 500] as const;

/**
 * A function that writes the headers of a GET (RFC 7541), a byte in each character. Nothing enters
 * the table that both sides share, least of all a path, which holds a token.
 */
export function createHeadersOfGet(authority: string): (path: string) => string {
  const fixed = `${indexed(METHOD_GET)}${indexed(SCHEME_HTTPS)}${literal(AUTHORITY, authority)}`;
  return (path) => fixed + literal(PATH, path);
}

function indexed(place: number): string {
  return String.fromCharCode(0x80 | place);
}

/** "Never indexed": whoever passes it on must not either. */
function literal(name: number, value: string): string {
  return String.fromCharCode(0x10 | name) + integer(value.length, 7) + value;
}

function integer(value: number, prefixBits: number): string {
  const most = 2 ** prefixBits - 1;
  if (value < most) return String.fromCharCode(value);
  let text = String.fromCharCode(most);
  let rest = value - most;
  for (; rest >= 0x80; rest >>= 7) text += String.fromCharCode((rest & 0x7f) | 0x80);
  return text + String.fromCharCode(rest);
}

/**
 * The status in the headers of a response: it comes first, and no other header is looked at. That
 * takes a server that was told to share no table ({@link Http2Error} otherwise).
 */
export function statusIn(block: Buffer): number {
  const cursor = new Cursor(block);
  let first = cursor.byte();
  // The server agrees that there is no table.
  while (first >> 5 === 0b001) {
    cursor.integer(first, 5);
    first = cursor.byte();
  }
  if (first & 0x80) {
    const status = STATUSES[cursor.integer(first, 7) - FIRST_STATUS];
    if (status === undefined) throw new Http2Error('headers without a status');
    return status;
  }
  const name = cursor.integer(first, first & 0x40 ? 6 : 4);
  // Spelt out, the name of the first can be no other.
  if (name === 0) cursor.string();
  else if (!(name - FIRST_STATUS in STATUSES)) throw new Http2Error('headers without a status');
  return statusOf(cursor.string());
}

interface EncodedString {
  readonly bytes: Buffer;
  readonly huffman: boolean;
}

/** Reads a block of headers from its beginning on. */
class Cursor {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw new Http2Error('headers end too early');
    return byte;
  }

  /** The number that begins in the last bits of `first`. */
  integer(first: number, prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = first & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const next = this.byte();
      value += (next & 0x7f) << shift;
      if (!(next & 0x80)) return value;
    }
    throw new Http2Error('a number in headers is too large');
  }

  string(): EncodedString {
    const first = this.byte();
    const length = this.integer(first, 7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Http2Error('headers end too early');
    this.#at += length;
    return { bytes, huffman: (first & 0x80) !== 0 };
  }
}

function statusOf({ bytes, huffman }: EncodedString): number {
  const digits = huffman ? huffmanDigits(bytes) : bytes.toString('latin1');
  if (!/^[1-5]\d\d$/.test(digits)) throw new Http2Error('an impossible status');
  return Number(digits);
}

/** Of Huffman's code digits are enough: 0 to 2 have five bits, and their value; the others six. */
function huffmanDigits(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  let digits = '';
  for (let at = 0; digits.length < 3; ) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2);
    const six = Number.parseInt(bits.slice(at, at + 6), 2);
    const digit = five <= 2 ? five : six - 0b011001 + 3;
    if (!(digit >= 0 && digit <= 9)) return '';
    digits += digit;
    at += digit <= 2 ? 5 : 6;
  }
  return digits;
}
