/** Types of frames that a client of HTTP/2 meets (RFC 9113). Others are to be ignored. */
export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = {
  ack: 0x1,
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** One frame. Its payload is overwritten once whoever is told of it returns. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The other side breaks the rules of HTTP/2: the connection can't be used any more. */
export class Http2Error extends Error {
  override readonly name = 'Http2Error';
  readonly code = 'HTTP2_MALFORMED';
}

const HEAD_BYTES = 9;
/** The least that every side must take, and all that we do. */
export const MAX_PAYLOAD_BYTES = 16_384;

/** A frame in the form in which it is written; `payload` holds a byte in each character. */
export function encodeFrame(type: number, flags: number, streamId: number, payload = ''): string {
  const { length } = payload;
  return (
    String.fromCharCode(length >> 16, (length >> 8) & 0xff, length & 0xff, type, flags) +
    uint32(streamId) +
    payload
  );
}

/** A number of four bytes, a byte in each character. */
export function uint32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
}

/** Reads frames, in whatever pieces they come. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  /** The beginning of a frame whose end has not come. */
  #unread: Buffer | undefined;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes the next bytes, and keeps none of their memory. Throws an {@link Http2Error}. */
  read(chunk: Buffer): void {
    const bytes = this.#unread ? Buffer.concat([this.#unread, chunk]) : chunk;
    let start = 0;
    for (let end = endOf(bytes, start); end <= bytes.length; end = endOf(bytes, start)) {
      this.#onFrame({
        type: bytes.readUInt8(start + 3),
        flags: bytes.readUInt8(start + 4),
        streamId: bytes.readUInt32BE(start + 5) & 0x7fff_ffff,
        payload: bytes.subarray(start + HEAD_BYTES, end),
      });
      start = end;
    }
    this.#unread = start < bytes.length ? Buffer.from(bytes.subarray(start)) : undefined;
  }
}

/** Where the frame that begins at `start` ends; beyond all bytes where not even its head is there. */
function endOf(bytes: Buffer, start: number): number {
  if (start + HEAD_BYTES > bytes.length) return Number.POSITIVE_INFINITY;
  const length = bytes.readUIntBE(start, 3);
  if (length > MAX_PAYLOAD_BYTES) throw new Http2Error('a frame is too long');
  return start + HEAD_BYTES + length;
}

/** What a frame with padding carries. */
export function unpadded({ flags, payload }: Frame): Buffer {
  if (!(flags & FLAG.padded)) return payload;
  const padding = payload[0] ?? Number.POSITIVE_INFINITY;
  if (padding >= payload.length) throw new Http2Error('more padding than payload');
  return payload.subarray(1, payload.length - padding);
}
