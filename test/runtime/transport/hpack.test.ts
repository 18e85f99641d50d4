import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHeadersOfGet, statusIn } from '../../../src/runtime/transport/hpack.ts';

const bytes = (...all: number[]): Buffer => Buffer.from(all);

test.each<[string, Buffer, number]>([
  ['from the table', bytes(0x88), 200],
  ['from the table, the last', bytes(0x8e, 0x40), 500],
  ['after the end of the table', bytes(0x20, 0x3f, 0x00, 0x8d), 404],
  ['with the name from the table', bytes(0x08, 3, 0x34, 0x32, 0x39), 429],
  ['that is to be kept', bytes(0x48, 3, 0x35, 0x30, 0x32, 0x88), 502],
  ['in Huffman code', bytes(0x48, 0x82, 0x64, 0x02), 302],
  ['with its name spelt out', Buffer.from('\0\x07:status\x03409'), 409],
])('a status %s is read', (_, block, status) => {
  expect(statusIn(block)).toBe(status);
});

test.each<[string, Buffer]>([
  ['nothing', bytes()],
  ['another header first', bytes(0x82)],
  ['another name first', bytes(0x04, 1, 0x2f)],
  ['what only a shared table could tell', bytes(0xbe)],
  ['a value that ends too early', bytes(0x08, 3, 0x34)],
  ['no number', bytes(0x08, 3, 0x61, 0x62, 0x63)],
  ['an impossible number', bytes(0x08, 3, 0x39, 0x39, 0x39)],
  ['an endless number', bytes(0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
])('%s is refused', (_, block) => {
  expect(() => statusIn(block)).toThrow(expect.objectContaining({ code: 'HTTP2_MALFORMED' }));
});

test('whatever comes is a status, or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (block) => {
      try {
        const status = statusIn(Buffer.from(block));
        return status >= 100 && status < 600;
      } catch (error) {
        return (error as { code?: string }).code === 'HTTP2_MALFORMED';
      }
    }),
  );
});

test('of a request only what is fixed comes from the table, and its path is never to be kept', () => {
  const headers = createHeadersOfGet('a.example')('/x');
  expect(Buffer.from(headers, 'latin1')).toEqual(
    Buffer.concat([
      bytes(0x82, 0x87, 0x11, 9),
      Buffer.from('a.example'),
      bytes(0x14, 2, 0x2f, 0x78),
    ]),
  );
  const long = `/${'x'.repeat(400)}`;
  const written = Buffer.from(createHeadersOfGet('a.example')(long), 'latin1');
  expect(written.subarray(13, 16)).toEqual(bytes(0x14, 0x7f, 0x92));
});
