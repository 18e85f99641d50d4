import { expect, test } from 'vitest';
import type { Demand, HolderId } from '../../src/control/grants.ts';
import { GrantBook } from '../../src/coordinator/grant-book.ts';
import { type GrantTable, readTable, writeTable } from '../../src/coordinator/table.ts';

const TOTAL = new Map([['total', 40]]);
const PHOTOS = new Map([['method:sendPhoto', 10]]);

function holder(shard: number): HolderId {
  return { shard, session: `session-${shard}`, pod: `pod-${shard}` };
}

function wants(resource: string, wanted: number): Demand {
  return { uses: { [resource]: { wanted, load: 0, limit: 0 } }, throttled: 0 };
}

/** What `book` would have written; the table that is stored then. */
function write(book: GrantBook, nowMs: number): GrantTable {
  book.plan(nowMs);
  const table = book.takeWanted() ?? expect.unreachable('nothing is to be written');
  book.commit(table);
  book.plan(nowMs);
  return readTable(writeTable(table)) ?? expect.unreachable('it can not be read');
}

function lead(instance: string, table?: GrantTable): GrantBook {
  const book = new GrantBook({ instance });
  book.setCaps(TOTAL, 0);
  if (table) book.inherit(table, 0);
  book.commit(book.opening(0));
  return book;
}

test('a limit that is taken away and comes back counts for who has not heard of either', () => {
  const first = lead('first');
  for (const shard of [0, 1]) first.hear(holder(shard), wants('total', 30), 0);
  write(first, 0);
  const granted = first.issue(holder(0), 0)?.shares['total'];
  expect(granted).toEqual({ limit: 20, fallback: 20 });

  // From here on shard 0 is out of reach. The limit goes, the leader changes, the limit is back.
  first.setCaps(PHOTOS, 100);
  first.hear(holder(1), wants('method:sendPhoto', 5), 100);
  const table = write(first, 100);
  const second = lead('second', table);
  second.hear(holder(1), wants('total', 40), 0);
  write(second, 0);
  expect(second.issue(holder(1), 0)?.shares['total']?.limit).toBe(20);

  // It stays with its fallback for as long as it likes.
  second.hear(holder(1), wants('total', 40), 3_600_000);
  second.plan(3_600_000);
  expect(second.issue(holder(1), 3_600_000)?.shares['total']?.limit).toBe(20);
});

test('what nobody goes by any more is no longer in the table', () => {
  const book = lead('first');
  book.hear(holder(0), wants('total', 30), 0);
  write(book, 0);
  const { id } = book.issue(holder(0), 0) ?? expect.unreachable('no grant');
  book.setCaps(PHOTOS, 100);
  book.hear(holder(0), { ...wants('method:sendPhoto', 5), grant: id }, 100);
  write(book, 100);
  const next = book.issue(holder(0), 100) ?? expect.unreachable('no grant');
  book.hear(holder(0), { ...wants('method:sendPhoto', 9), grant: next.id }, 200);
  const { holders } = book.opening(60_000);
  expect(holders.map(({ shares }) => Object.keys(shares))).toEqual([['method:sendPhoto']]);
});

test('whoever may hold anything may also hold part of a limit that was as high before', () => {
  const book = new GrantBook({ instance: 'first' });
  book.setCaps(new Map([['total', 10]]), 0);
  book.suspect([0, 1], 0);
  book.commit(book.opening(0));
  book.hear(holder(0), wants('total', 40), 100_000);
  book.setCaps(TOTAL, 100_000);
  book.plan(100_000);
  // Shard 1 was never heard: it may go by 40, or later by its part of them.
  expect(book.issue(holder(0), 100_000)?.shares['total']?.limit).toBe(0);
  const laterMs = 200_000;
  book.hear(holder(0), wants('total', 40), laterMs);
  write(book, laterMs);
  expect(book.issue(holder(0), laterMs)?.shares['total']?.limit).toBe(20);
});

test('a shard falls back to an even part, so that nobody needs to know more of it', () => {
  // One counts for more than the others, and two are silent for now.
  const first = new GrantBook({ instance: 'first', weightOf: (shard) => (shard === 1 ? 3 : 1) });
  first.setCaps(TOTAL, 0);
  first.commit(first.opening(0));
  for (const shard of [2, 3]) first.hear(holder(shard), wants('total', 0), -10_000);
  for (const shard of [0, 1]) first.hear(holder(shard), wants('total', 40), 0);
  write(first, 0);
  // From here on shard 1 is out of reach.
  expect(first.issue(holder(1), 0)?.shares['total']).toEqual({ limit: 30, fallback: 10 });

  const second = new GrantBook({ instance: 'second' });
  second.setCaps(TOTAL, 0);
  second.suspect([0, 1, 2, 3], 0);
  second.commit(second.opening(0));
  const laterMs = 200_000;
  for (const nowMs of [100_000, laterMs]) {
    for (const shard of [0, 2, 3]) second.hear(holder(shard), wants('total', 40), nowMs);
  }
  write(second, laterMs);
  const limits = [0, 2, 3].map(
    (shard) => second.issue(holder(shard), laterMs)?.shares['total']?.limit,
  );
  expect(limits).toEqual([10, 10, 10]);
});

test('what was planned for a shard that has fallen silent since is not granted any more', () => {
  const book = lead('first');
  for (const shard of [0, 1]) book.hear(holder(shard), wants('total', 40), 0);
  write(book, 0);
  const first = book.issue(holder(0), 0) ?? expect.unreachable('no grant');
  // The leader is stopped for a while. What it had planned for shard 1 goes to shard 0 then.
  book.hear(holder(0), { ...wants('total', 40), grant: first.id }, 4_000);
  write(book, 4_000);
  expect(book.issue(holder(0), 4_000)?.shares['total']?.limit).toBe(40);
  expect(book.issue(holder(1), 4_000)).toBeUndefined();
});

test('what a shard was granted once is not given back as it was when it has run out', () => {
  const book = new GrantBook({ instance: 'first' });
  book.setCaps(new Map([['total', 7]]), 0);
  book.commit(book.opening(0));
  for (const shard of [1, 0]) book.hear(holder(shard), wants('total', 11), 0);
  write(book, 0);
  const grant = book.issue(holder(1), 0) ?? expect.unreachable('no grant');
  expect(grant.shares['total']).toEqual({ limit: 4, fallback: 3 });
  // It runs out, and shard 0 has the difference. Then shard 1 is heard again.
  book.hear(holder(0), wants('total', 11), 100_000);
  book.plan(100_000);
  expect(book.issue(holder(0), 100_000)?.shares['total']?.limit).toBe(4);
  book.hear(holder(1), { ...wants('total', 11), grant: grant.id }, 100_100);
  book.plan(100_100);
  expect(book.issue(holder(1), 100_100)?.shares['total']?.limit).toBe(3);
});
