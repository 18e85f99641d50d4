import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type GrantTable,
  isWithin,
  readTable,
  within,
  writeTable,
} from '../../src/coordinator/table.ts';

const TABLE: GrantTable = {
  term: 7,
  factor: 0.5,
  holders: [
    { shard: 0, session: 's', pod: 'p', shares: { total: { limit: 10, fallback: 4 } } },
    { shard: 1, session: '', pod: '', shares: {} },
  ],
};

/** `body` as if this program had written it. */
function signed(body: string): string {
  return `${body}\n${createHash('sha256').update(body).digest('hex').slice(0, 16)}`;
}

/** The table with something else in it, as another version may have it. */
function changed(change: object): string {
  return signed(JSON.stringify({ ...TABLE, ...change }));
}

describe('a table of grants', () => {
  it('is read as it was written, and with an end of line after it', () => {
    expect(readTable(writeTable(TABLE))).toEqual(TABLE);
    expect(readTable(`${writeTable(TABLE)}\n`)).toEqual(TABLE);
  });

  it.each<[string, string]>([
    ['empty', ''],
    ['something else', 'hello'],
    ['one number changed by hand', writeTable(TABLE).replace('10', '99')],
    ['without its sum', JSON.stringify(TABLE)],
    ['with the sum of another', writeTable(TABLE).replace(/\n.*/, '\n0123456789abcdef')],
    ['cut off', writeTable(TABLE).slice(0, 40)],
    ['no JSON, with the right sum', signed('{')],
    ['another kind of JSON', signed('[]')],
    ['of a version that knows less', changed({ factor: undefined })],
    ['of a version that knows more', changed({ epochs: {} })],
    [
      'with a share that this version does not understand',
      changed({
        holders: [
          { shard: 0, session: 's', pod: 'p', shares: { total: { limit: -1, fallback: 0 } } },
        ],
      }),
    ],
    ['of no term', changed({ term: 0 })],
    ['with a factor above 1', changed({ factor: 2 })],
  ])('is none where it is %s', (_, text) => {
    expect(readTable(text)).toBeUndefined();
  });

  it('bounds the grants of those that it names, and of nobody else', () => {
    const shares = new Map([['total', { limit: 8, fallback: 6 }]]);
    const known = { shard: 0, session: 's' };
    expect(isWithin(TABLE, known, shares)).toBe(false);
    expect(within(TABLE, known, shares)).toEqual(new Map([['total', { limit: 8, fallback: 4 }]]));
    expect(isWithin(TABLE, known, within(TABLE, known, shares))).toBe(true);
    for (const unknown of [
      { shard: 0, session: 'next' },
      { shard: 2, session: 's' },
    ]) {
      expect(isWithin(TABLE, unknown, shares)).toBe(false);
      expect(within(TABLE, unknown, shares)).toEqual(
        new Map([['total', { limit: 0, fallback: 0 }]]),
      );
    }
    expect(isWithin(undefined, known, shares)).toBe(false);
    expect(isWithin(TABLE, known, new Map([['method:sendPhoto', { limit: 1, fallback: 0 }]]))).toBe(
      false,
    );
  });
});
