import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeFrame,
  FLAG,
  FRAME,
  FrameReader,
  MAX_PAYLOAD_BYTES,
  unpadded,
} from '../../../src/runtime/transport/http2-frames.ts';

interface Seen {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly text: string;
}

/** Reads frames in pieces that end at these places. */
function read(bytes: Buffer, cuts: readonly number[] = []): Seen[] {
  const seen: Seen[] = [];
  const reader = new FrameReader(({ payload, ...head }) =>
    seen.push({ ...head, text: payload.toString('latin1') }),
  );
  let from = 0;
  for (const to of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    const piece = Buffer.from(bytes.subarray(from, Math.max(from, to)));
    reader.read(piece);
    // The memory is used again.
    piece.fill(0xff);
    from = Math.max(from, to);
  }
  return seen;
}

test('frames are read as they were written, in whatever pieces they come', () => {
  const frames = fc.array(
    fc.record({
      type: fc.nat(255),
      flags: fc.nat(255),
      streamId: fc.nat(2 ** 31 - 1),
      text: fc.string({ unit: 'binary-ascii', maxLength: 300 }),
    }),
  );
  fc.assert(
    fc.property(frames, fc.array(fc.nat(2_000)), (frames, cuts) => {
      const bytes = Buffer.from(
        frames.map((one) => encodeFrame(one.type, one.flags, one.streamId, one.text)).join(''),
        'latin1',
      );
      const within = cuts.filter((cut) => cut <= bytes.length);
      expect(read(bytes, within)).toEqual(frames);
    }),
  );
});

test('a frame may be as long as every side must take, and no longer', () => {
  const frame = (length: number) => Buffer.from(encodeFrame(0, 0, 1, 'x'.repeat(length)), 'latin1');
  expect(read(frame(MAX_PAYLOAD_BYTES))).toHaveLength(1);
  expect(() => read(frame(MAX_PAYLOAD_BYTES + 1))).toThrow('a frame is too long');
});

test('padding is left out, and can be no longer than what carries it', () => {
  const padded = (payload: Buffer) =>
    unpadded({ type: FRAME.data, flags: FLAG.padded, streamId: 1, payload });
  expect(padded(Buffer.from('\x02hello\0\0')).toString()).toBe('hello');
  expect(() => padded(Buffer.from('\x02x'))).toThrow('more padding than payload');
  expect(() => padded(Buffer.alloc(0))).toThrow('more padding than payload');
});
