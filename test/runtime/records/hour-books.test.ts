import type { Update } from 'grammy/types';
import { expect, test } from 'vitest';
import {
  type ErrorRecord,
  historyRecordSchema,
  type UsageRecord,
} from '../../../src/api/history-records.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { HourBooks } from '../../../src/runtime/records/hour-books.ts';
import { CallError, type CallFault } from '../../../src/runtime/telegram/call-error.ts';

const HOUR = 3_600_000;
const BOT = { uid: 'a', epoch: 3 };
const NOW = 1_000 * HOUR;

function setUp() {
  const clock = new AdjustableClock({ startWallMs: NOW + 1 });
  return { clock, books: new HourBooks(clock) };
}

function take(books: HourBooks): (UsageRecord | ErrorRecord)[] {
  const records: (UsageRecord | ErrorRecord)[] = [];
  books.take((record) => records.push(record));
  for (const record of records) historyRecordSchema.parse(record);
  return records;
}

function failure(fault: CallFault): CallError {
  return new CallError(fault, 'words', { mayHaveHappened: false });
}

const message = (type: string) => ({ update_id: 1, message: { chat: { id: 1, type } } }) as Update;

test('calls are counted by method and outcome, with how long they took', () => {
  const { books } = setUp();
  for (const ms of [1, 5, 5.1, 60_000, Number.NaN]) books.called(BOT, 'sendMessage', undefined, ms);
  for (const fault of ['rejected', 'unauthorized', 'rate-limited', 'network', 'server'] as const) {
    books.called(BOT, 'sendMessage', failure(fault), 20);
  }
  const records = take(books);
  expect(records.map((record) => 'outcome' in record && [record.outcome, record.calls])).toEqual([
    ['ok', 5],
    ['rejected', 2],
    ['rate_limited', 1],
    ['failed', 2],
  ]);
  expect(records[0]).toEqual({
    kind: 'usage',
    ...BOT,
    hour: NOW,
    method: 'sendMessage',
    command: '',
    updateKind: '',
    chatKind: '',
    outcome: 'ok',
    calls: 5,
    latencies: [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  });
});

test('what we did not send is no call, nor is what updates come in by', () => {
  const { books } = setUp();
  for (const fault of ['aborted', 'breaker-open', 'held-back'] as const) {
    books.called(BOT, 'sendMessage', failure(fault), 1);
  }
  books.called(BOT, 'getWebhookInfo', undefined, 1);
  expect(take(books)).toEqual([]);
  expect(books.size).toBe(0);
});

test('updates are counted by kind, command, kind of chat and outcome', () => {
  const { books } = setUp();
  const end = { command: '', tookMs: 7, outcome: 'handled' } as const;
  books.updated(BOT, { ...end, update: message('private'), command: 'start' });
  books.updated(BOT, { ...end, update: message('private'), command: 'start' });
  books.updated(BOT, { ...end, update: message('supergroup'), outcome: 'failed' });
  books.updated(BOT, { ...end, update: message('a kind that nobody knows'), outcome: 'skipped' });
  books.updated(BOT, { ...end, update: { update_id: 2, poll: {} } as Update });
  books.updated(BOT, { ...end, update: { update_id: 3 } });
  const told = take(books).map((record) => {
    if (record.kind !== 'usage') throw new Error('no usage');
    return [record.updateKind, record.command, record.chatKind, record.outcome, record.calls];
  });
  expect(told).toEqual([
    ['message', 'start', 'private', 'handled', 2],
    ['message', '', '', 'skipped', 1],
    ['message', '', 'supergroup', 'failed', 1],
    ['poll', '', '', 'handled', 1],
    ['', '', '', 'handled', 1],
  ]);
});

test('only what has changed is told again, as the count of the hour so far', () => {
  const { books } = setUp();
  books.called(BOT, 'sendMessage', undefined, 1);
  books.called(BOT, 'getChat', undefined, 1);
  expect(take(books)).toHaveLength(2);
  expect(take(books)).toEqual([]);
  books.called({ ...BOT, epoch: 4 }, 'getChat', undefined, 1);
  expect(take(books)).toMatchObject([{ method: 'getChat', calls: 2, epoch: 4 }]);
});

test('an hour that is over is told once more, and then nothing is kept of it', () => {
  const { clock, books } = setUp();
  books.called(BOT, 'sendMessage', undefined, 1);
  take(books);
  books.called(BOT, 'sendMessage', undefined, 1);
  clock.advance(HOUR);
  books.called(BOT, 'sendMessage', undefined, 1);
  expect(take(books)).toMatchObject([
    { hour: NOW, calls: 2 },
    { hour: NOW + HOUR, calls: 1 },
  ]);
  clock.advance(HOUR);
  expect(take(books)).toEqual([]);
  expect(books.size).toBe(0);
});

test('a clock that is set back over the hour begins no hour again', () => {
  const clock = new AdjustableClock({ startWallMs: NOW });
  let backMs = 0;
  const books = new HourBooks({
    wallMs: () => clock.wallMs() - backMs,
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
  });
  books.called(BOT, 'sendMessage', undefined, 1);
  clock.advance(HOUR);
  books.called(BOT, 'sendMessage', undefined, 1);
  backMs = HOUR / 2;
  books.called(BOT, 'sendMessage', undefined, 1);
  expect(take(books)).toMatchObject([
    { hour: NOW, calls: 1 },
    { hour: NOW + HOUR, calls: 2 },
  ]);
});

test('errors are counted by fingerprint, without anybody’s data', () => {
  const { books } = setUp();
  const token = `12345678:${'A'.repeat(35)}`;
  for (const id of [1, 2, 3]) {
    books.failed(BOT, new Error(`chat ${id} of "Ann" (@ann_smith) and ${token} at https://a/b`));
  }
  books.failed(BOT, new TypeError('no'));
  expect(take(books)).toMatchObject([
    {
      kind: 'error',
      errors: 3,
      sample: 'chat <n> of <text> (<name>) and [secret] at <url>',
    },
    { errors: 1 },
  ]);
});

test('ten thousand kinds of error weigh no more than fifty-one', () => {
  const { books } = setUp();
  const words = (index: number) => String.fromCodePoint(0x4e00 + index);
  for (let index = 0; index < 10_000; index++) books.failed(BOT, new Error(words(index)));
  books.failed(BOT, new Error(words(0)));
  const records = take(books) as ErrorRecord[];
  expect(records).toHaveLength(51);
  expect(records[0]?.errors).toBe(2);
  expect(records[50]).toMatchObject({ fingerprint: 'other', errors: 9_950 });
});

test('an error is told in words that a database takes', () => {
  const { books } = setUp();
  books.failed(BOT, new Error(`\u0000\ud800${"'1' ".repeat(400)}`));
  books.failed(BOT, new Error(''));
  const [hostile, empty] = take(books) as ErrorRecord[];
  expect(hostile?.sample).toMatch(/^ \ufffd<text> [^\u0000]*$/);
  expect(empty?.sample).toBe('an error without a message');
});
