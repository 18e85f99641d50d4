import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ResponseReader } from '../../../src/runtime/transport/http1-response.ts';

/** Reads a response in pieces that end at these places; its body as text. */
function readIn(text: string, cuts: readonly number[] = []) {
  const statuses: number[] = [];
  let body = '';
  const reader = new ResponseReader({
    onHead: (status) => statuses.push(status),
    onData: (chunk) => {
      body += chunk.toString('latin1');
    },
  });
  const bytes = Buffer.from(text, 'latin1');
  const places = [...cuts, bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const to of places) {
    const piece = bytes.subarray(from, to);
    reader.read(piece);
    piece.fill('x');
    from = to;
  }
  return { reader, statuses, body: () => body };
}

const lines = (...all: string[]): string => all.join('\r\n');

test.each<[string, string, string]>([
  ['a body of a length', lines('HTTP/1.1 200 OK', 'Content-Length: 5', '', 'hello'), 'hello'],
  [
    'a body in chunks, with extensions and trailers',
    lines(
      'HTTP/1.1 200',
      'transfer-encoding: Chunked',
      '',
      '3;x=1',
      'hel',
      '02',
      'lo',
      '0',
      'X-End: 1',
      '',
      '',
    ),
    'hello',
  ],
  ['no body after 204', lines('HTTP/1.1 204 No Content', 'A: b', '', ''), ''],
  ['an empty body', lines('HTTP/1.1 200 OK', 'content-length: 0', '', ''), ''],
  [
    'a response that was announced',
    lines('HTTP/1.1 103 Early', 'A: b', '', 'HTTP/1.1 200 OK', 'content-length: 2', '', 'hi'),
    'hi',
  ],
])('%s is read in whatever pieces it comes', (_, text, body) => {
  const cuts = fc.array(fc.nat({ max: text.length }), { maxLength: text.length });
  fc.assert(
    fc.property(cuts, (cuts) => {
      const read = readIn(text, cuts);
      expect(read.statuses).toHaveLength(1);
      expect(read.body()).toBe(body);
      expect(read.reader).toMatchObject({ complete: true, reusable: true });
    }),
  );
});

test('names of headers are read in any case, and white space around values is not', () => {
  const { reader, statuses, body } = readIn(
    lines('HTTP/1.1 429 Slow', 'VIA: a', 'CONTENT-Length: \t2 ', 'x-content-length: 9', '', 'hi'),
  );
  expect(statuses).toEqual([429]);
  expect(body()).toBe('hi');
  expect(reader).toMatchObject({ complete: true, reusable: true });
});

test.each<[string, string]>([
  ['no HTTP', lines('hello', '', '')],
  ['HTTP/2', lines('HTTP/2 200', '', '')],
  ['an impossible status', lines('HTTP/1.1 600 X', '', '')],
  ['another protocol', lines('HTTP/1.1 101 Switching Protocols', 'Upgrade: x', '', '')],
  ['a header without a colon', lines('HTTP/1.1 200 OK', 'nothing', '', '')],
  ['a header without a name', lines('HTTP/1.1 200 OK', ': x', '', '')],
  ['a space before the colon', lines('HTTP/1.1 200 OK', 'content-length : 1', '', '')],
  ['a line that ends in half', lines('HTTP/1.1 200 OK', 'a: b\nc: d', '', '')],
  ['a folded header', lines('HTTP/1.1 200 OK', 'a: b', ' c: d', '', '')],
  ['a negative length', lines('HTTP/1.1 200 OK', 'content-length: -1', '', '')],
  ['two lengths', lines('HTTP/1.1 200 OK', 'content-length: 1', 'content-length: 2', '', '')],
  [
    'a length and chunks',
    lines('HTTP/1.1 200 OK', 'content-length: 1', 'transfer-encoding: chunked', '', ''),
  ],
  ['an unknown encoding', lines('HTTP/1.1 200 OK', 'transfer-encoding: gzip, chunked', '', '')],
  ['a wrong size of a chunk', lines('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', 'x', '')],
  [
    'a chunk longer than its size',
    lines('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '1', 'ab', ''),
  ],
  ['an endless head', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(3_000)}`],
])('%s is refused', (_, text) => {
  expect(() => readIn(text)).toThrow(expect.objectContaining({ code: 'HTTP_MALFORMED' }));
});

test.each<[string, string, boolean]>([
  [
    'says that it closes',
    lines('HTTP/1.1 200 OK', 'Connection: Close', 'content-length: 0', '', ''),
    true,
  ],
  ['speaks HTTP/1.0', lines('HTTP/1.0 200 OK', 'content-length: 0', '', ''), true],
  ['sends more than it announced', lines('HTTP/1.1 200 OK', 'content-length: 0', '', 'x'), true],
  ['sends a body without a length', lines('HTTP/1.1 200 OK', '', 'x'), false],
])('no second request follows where the server %s', (_, text, complete) => {
  const { reader } = readIn(text);
  expect(reader).toMatchObject({ complete, reusable: false });
});

test('a body without a length ends with the connection, and no other does', () => {
  const open = readIn(lines('HTTP/1.1 200 OK', '', 'some'));
  open.reader.end();
  expect(open.reader.complete).toBe(true);
  expect(open.body()).toBe('some');
  const cut = readIn(lines('HTTP/1.1 200 OK', 'content-length: 5', '', 'some'));
  expect(() => cut.reader.end()).toThrow('ended too early');
});
