import { beforeEach, expect, test } from 'vitest';
import {
  type HistoryBatch,
  type HistorySink,
  historyAway,
  historyOff,
} from '../../src/api/history-records.ts';
import { HistoryBuffer } from '../../src/control/history-buffer.ts';
import { HistorySender } from '../../src/control/history-sender.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { snapshot, transition } from './history-records.ts';

let clock: AdjustableClock;
let buffer: HistoryBuffer;
let stop: AbortController;
let batches: HistoryBatch[];
let log: string;
let ended: Promise<void> | undefined;
/** What the sink does with the next batches; it keeps them unless told otherwise. */
let answers: (Error | Promise<void>)[];
beforeEach(() => {
  clock = new AdjustableClock({ startWallMs: 1_000_000 });
  buffer = new HistoryBuffer(5_000);
  stop = new AbortController();
  batches = [];
  answers = [];
  log = '';
});

const sink: HistorySink = {
  async write(batch, signal) {
    batches.push(batch);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    if (!answer) return;
    const aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('broken off')));
    });
    await Promise.race([answer, aborted]);
  },
};

function start(): void {
  const write = (line: string): void => void (log += line);
  ended = new HistorySender({
    buffer,
    sink,
    session: 'session-1',
    clock,
    random: () => 0.5,
    log: createLog({ level: 'debug', format: 'json', destination: { write } }),
    onSent: () => undefined,
  }).start(stop.signal);
}

async function end(): Promise<void> {
  stop.abort();
  await clock.advanceAsync(2_000);
  await ended;
  expect(clock.pendingTimers).toBe(0);
}

const told = () => batches.map(({ records }) => records);

test('what is put together goes together, and one batch waits for the other', async () => {
  const first = Promise.withResolvers<void>();
  answers = [first.promise];
  start();
  buffer.put(transition(1));
  buffer.put(transition(2));
  await clock.advanceAsync(100);
  expect(batches).toEqual([
    { session: 'session-1', at: 1_000_100, dropped: {}, records: [transition(1), transition(2)] },
  ]);
  buffer.put(transition(3));
  await clock.advanceAsync(5_000);
  expect(batches).toHaveLength(1);
  first.resolve();
  await clock.advanceAsync(100);
  expect(told()[1]).toEqual([transition(3)]);
  await end();
});

test('while nobody can keep it, it is tried again after longer and longer pauses', async () => {
  answers = Array.from({ length: 4 }, () => historyAway('the database is down'));
  start();
  buffer.put(transition(1));
  await clock.advanceAsync(100);
  // With a jitter of a half: 375 ms, 750 ms, 1,500 ms, 3,000 ms.
  await clock.advanceAsync(375 + 100 + 750 + 100 + 1_500 + 100);
  expect(batches).toHaveLength(4);
  await clock.advanceAsync(3_000);
  expect(batches).toHaveLength(4);
  await clock.advanceAsync(100);
  expect(told()).toEqual(Array.from({ length: 5 }, () => [transition(1)]));
  expect(buffer.waiting).toBe(0);
  expect(log).toBe('');
  await end();
});

test('where that lasts it is said once, and so is its end', async () => {
  answers = Array.from({ length: 8 }, () => historyAway('the database is down'));
  start();
  await clock.advanceAsync(60_000);
  buffer.put(transition(1));
  await clock.advanceAsync(5_000);
  expect(log).toBe('');
  await clock.advanceAsync(60_000);
  expect(log.split('\n').filter((line) => line.includes('the database is down'))).toHaveLength(1);
  expect(log).toContain('the history is told again');
  await end();
});

test('after an outage what is new goes before what has waited', async () => {
  answers = [historyAway('away')];
  start();
  for (let seq = 1; seq <= 1_500; seq++) buffer.put(snapshot(seq));
  await clock.advanceAsync(100);
  buffer.put(snapshot(2_000));
  buffer.put(transition(2_001));
  await clock.advanceAsync(475);
  expect(told()[1]?.slice(0, 3)).toEqual([transition(2_001), snapshot(2_000), snapshot(1_500)]);
  await clock.advanceAsync(100);
  expect(told()[2]?.at(-1)).toEqual(snapshot(1));
  await end();
});

test('how many records gave way is told with each batch', async () => {
  buffer = new HistoryBuffer(2);
  start();
  for (let seq = 1; seq <= 5; seq++) buffer.put(snapshot(seq));
  await clock.advanceAsync(100);
  expect(batches).toMatchObject([{ dropped: { snapshot: 3 } }]);
  await end();
});

test('where there is no history nothing is kept, and it is asked for again a minute later', async () => {
  answers = [historyOff(), historyOff()];
  start();
  buffer.put(transition(1));
  await clock.advanceAsync(100);
  buffer.put(transition(2));
  expect(buffer.waiting).toBe(0);
  await clock.advanceAsync(59_000);
  expect(batches).toHaveLength(1);
  await clock.advanceAsync(61_000);
  expect(told()).toEqual([[transition(1)], [], []]);
  buffer.put(transition(3));
  await clock.advanceAsync(100);
  expect(told().at(-1)).toEqual([transition(3)]);
  expect(log).toBe('');
  await end();
});

test('at the end it tells what is left', async () => {
  answers = [historyAway('away'), historyAway('away')];
  start();
  buffer.put(transition(1));
  await clock.advanceAsync(150);
  await end();
  expect(told()).toHaveLength(3);
  expect(buffer.waiting).toBe(0);
});

test('at the end it does not wait for long, and says what it leaves untold', async () => {
  answers = [Promise.withResolvers<void>().promise];
  start();
  buffer.put(transition(1));
  await clock.advanceAsync(150);
  stop.abort();
  await clock.advanceAsync(1_300);
  await ended;
  expect(log).toContain('left untold');
});
