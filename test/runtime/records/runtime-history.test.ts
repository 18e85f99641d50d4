import { expect, test } from 'vitest';
import {
  type HistoryBatch,
  type HistoryRecord,
  historyBatchSchema,
  type RecordKind,
} from '../../../src/api/history-records.ts';
import { NOTHING_DONE, type RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { RuntimeHistory } from '../../../src/runtime/records/runtime-history.ts';
import { Sweep } from '../../../src/runtime/sweep.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { waitFor } from '../../support/wait.ts';
import { Hosting } from '../hosting.ts';

/** Keeps all that it is told. */
class Kept {
  readonly batches: HistoryBatch[] = [];

  readonly write = async (batch: HistoryBatch): Promise<void> => {
    this.batches.push(historyBatchSchema.parse(batch));
  };

  of<Kind extends RecordKind>(kind: Kind): Extract<HistoryRecord, { kind: Kind }>[] {
    const records = this.batches.flatMap(({ records }) => records);
    return records.filter((record) => record.kind === kind) as never;
  }

  changes(uid: string): string[] {
    return this.of('transition')
      .filter((record) => record.uid === uid)
      .map(({ of, from = '', to }) => `${of}: ${from} → ${to}`);
  }
}

test('a bot’s changes of state are told as they come, from its start to its end', async () => {
  const history = new Kept();
  await using hosting = await Hosting.start({ history });
  await hosting.host('a');
  await hosting.running('a');
  await waitFor('its start', () => history.changes('a').length === 5);
  await hosting.stop();
  expect(history.changes('a')).toEqual([
    'lifecycle:  → Starting',
    'health:  → Healthy',
    'breaker:  → Closed',
    'token:  → Valid',
    'lifecycle: Starting → Running',
    'lifecycle: Running → Stopping',
    'lifecycle: Stopping → Stopped',
  ]);
});

test('what a bot did is told at the latest when it ends, and so is how it did', async () => {
  const history = new Kept();
  await using hosting = await Hosting.start({ history });
  await hosting.host('a', {
    handlers: [
      { command: { name: 'start', reply: { text: 'hello' } } },
      { command: { name: 'menu', reply: { text: '<b', parseMode: 'HTML' } } },
    ],
  });
  await hosting.running('a');
  for (const text of ['/start', '/Start@a_bot', '/menu', 'just words', '/private 4711']) {
    await hosting.say('a', text);
  }
  await hosting.confirmed('a');
  await hosting.stop();
  const told = history
    .of('usage')
    .map(({ method, updateKind, command, chatKind, outcome, calls }) =>
      [method, updateKind, command, chatKind, outcome, calls].join(' ').trim(),
    );
  expect(told.toSorted()).toEqual([
    'message  private skipped 2',
    'message menu private failed 1',
    'message start private handled 2',
    'sendMessage    ok 2',
    'sendMessage    rejected 1',
  ]);
  expect(history.of('error')).toMatchObject([
    {
      uid: 'a',
      epoch: 1,
      errors: 1,
      sample: expect.stringContaining('<n>: Bad Request') as string,
    },
  ]);
  expect(history.of('snapshot').at(-1)).toMatchObject({
    uid: 'a',
    epoch: 1,
    health: 'Healthy',
    breaker: 'Closed',
    updates: 5,
    handled: 2,
    replies: 2,
  });
  const everything = JSON.stringify(history.batches);
  for (const secret of ['4711', 'just words', 'ann', 'private 4']) {
    expect(everything).not.toContain(secret);
  }
});

test('numbers grow by one over all bots of a session, and each start is another session', async () => {
  const history = new Kept();
  for (const name of ['a', 'b']) {
    await using hosting = await Hosting.start({ history });
    await hosting.host(name);
    await hosting.host(`${name}2`);
    await hosting.running(`${name}2`);
  }
  const sessions = Map.groupBy(history.batches, ({ session }) => session);
  expect(sessions.size).toBe(2);
  for (const batches of sessions.values()) {
    const numbers = batches.flatMap(({ records }) =>
      records.flatMap((record) => ('seq' in record ? record.seq : [])),
    );
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1));
  }
});

test('each bot has one snapshot an interval, and what was counted is told once a minute', async () => {
  const clock = new AdjustableClock({ startWallMs: 3_600_000 });
  const sink = new Kept();
  const bots = ['a', 'b', 'c'].map((uid) => ({ uid, epoch: 2, recorder: { present: FACTS } }));
  const random = seededRandom(1);
  const sweep = new Sweep(clock, random);
  const log = createLog({
    level: 'debug',
    format: 'json',
    destination: { write: () => undefined },
  });
  const history = new RuntimeHistory({ sink, bots: () => bots, sweep, clock, random, log });
  const stop = new AbortController();
  const ended = history.start(stop.signal);
  history.setInterval(60);
  await clock.advanceAsync(70_000);
  expect(
    sink
      .of('snapshot')
      .map(({ uid }) => uid)
      .slice(0, 3)
      .toSorted(),
  ).toEqual(['a', 'b', 'c']);
  const before = sink.of('snapshot').length;
  await clock.advanceAsync(600_000);
  expect(sink.of('snapshot').length - before).toBe(30);
  const call = { uid: 'a', epoch: 2 };
  for (let minute = 1; minute <= 3; minute++) {
    for (let again = 0; again < 10; again++) history.called(call, 'sendMessage', undefined, 1);
    await clock.advanceAsync(62_000);
  }
  expect(sink.of('usage').map(({ calls }) => calls)).toEqual([10, 20, 30]);
  const told = sink.of('snapshot').length;
  history.called(call, 'sendMessage', undefined, 1);
  for (const bot of bots) history.persist(bot);
  await clock.advanceAsync(200);
  expect(sink.of('snapshot').length - told).toBe(3);
  expect(sink.of('usage').at(-1)?.calls).toBe(31);
  stop.abort();
  await clock.advanceAsync(100);
  await ended;
  expect(clock.pendingTimers).toBe(0);
});

const FACTS: RuntimeFacts = {
  lifecycle: 'Running',
  generation: 1,
  token: { state: 'Valid', message: '' },
  ...NOTHING_DONE,
};
