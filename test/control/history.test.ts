import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import {
  type HistoryBatch,
  type HistoryRecord,
  historyAway,
  historyOff,
} from '../../src/api/history-records.ts';
import { HttpHistory } from '../../src/control/http-history.ts';
import { PROTOCOL } from '../../src/control/messages.ts';
import { Whereabouts } from '../../src/control/whereabouts.ts';
import { errorCode } from '../../src/lib/errors.ts';
import { usage } from './history-records.ts';
import { Leaders, type Replica } from './leaders.ts';
import { bot, caller, SHARD } from './support.ts';

const OTHER = { fleet: 'default', ordinal: 1 };
const BATCH = { session: 'session-1', at: 1_000, dropped: {}, records: [] };

/** A use of a bot under an epoch. */
const use = (uid: string, epoch = 1): HistoryRecord => ({ ...usage('sendMessage', 1), uid, epoch });

/** A leader with a bot on each of two shards, that keeps what it is told. */
async function keeping(leaders: Leaders): Promise<{ leader: Replica; kept: HistoryBatch[] }> {
  const leader = await leaders.addReplica();
  leader.hub?.place(SHARD, bot('mine', { epoch: 5 }));
  leader.hub?.place(OTHER, bot('theirs', { epoch: 7 }));
  for (const shard of [SHARD, OTHER]) leader.hub?.complete(shard);
  const kept: HistoryBatch[] = [];
  leader.history = { write: async (batch) => void kept.push(batch) };
  return { leader, kept };
}

async function historyOf(leaders: Leaders, { url }: Replica): Promise<HttpHistory> {
  const tokenFile = await leaders.admit(caller('pod-a', SHARD));
  const address = { url, tokenFile, caFile: join(leaders.folder, 'ca.crt') };
  return new HttpHistory(address, leaders.logger('runtime'));
}

/** What the leader answers to a body. */
async function post(leaders: Leaders, { url }: Replica, body: object) {
  await leaders.admit(caller('pod-a', SHARD));
  const ca = readFileSync(join(leaders.folder, 'ca.crt'), 'utf8');
  const dispatcher = new Agent({ connect: { ca } });
  const response = await request(`${url}/v1/history`, {
    method: 'POST',
    dispatcher,
    headers: { authorization: 'Bearer token-pod-a' },
    body: JSON.stringify({ protocol: PROTOCOL, ...BATCH, ...body }),
  });
  const answer = (await response.body.json()) as Record<string, unknown>;
  await dispatcher.destroy();
  return { status: response.statusCode, answer };
}

const signal = new AbortController().signal;

test('a batch is answered when it is kept', async () => {
  await using leaders = await Leaders.start();
  const { leader, kept } = await keeping(leaders);
  const history = await historyOf(leaders, leader);
  const batch = { ...BATCH, dropped: { snapshot: 3 }, records: [use('mine', 5)] };
  await history.write(batch, signal);
  expect(kept).toMatchObject([batch]);
  await history.close();
});

test('a shard is heard on bots that it may have had, and on no others', async () => {
  await using leaders = await Leaders.start();
  const { leader, kept } = await keeping(leaders);
  const history = await historyOf(leaders, leader);
  const records = [use('mine', 5), use('mine', 6), use('theirs', 7), use('theirs', 6), use('x')];
  await history.write({ ...BATCH, records }, signal);
  expect(kept[0]?.records).toEqual([use('mine', 5), use('theirs', 6)]);
  expect(leaders.log).toEqual([expect.stringContaining('skipped 3 records')]);
  await history.close();
});

test('what can not be read is skipped, and the rest is kept', async () => {
  await using leaders = await Leaders.start();
  const { leader, kept } = await keeping(leaders);
  const good = use('mine', 5);
  const records = [
    'words',
    null,
    { ...good, calls: null },
    { ...good, calls: -1 },
    { ...good, calls: 1e300 },
    { ...good, hour: 1 },
    { ...good, method: 'x'.repeat(65) },
    { ...good, latencies: [1] },
    { ...good, kind: 'a kind of next year' },
    { ...good, aFieldOfNextYear: true },
  ];
  expect(await post(leaders, leader, { records, dropped: { snapshot: 1, next: 2 } })).toEqual({
    status: 200,
    answer: { protocol: PROTOCOL, skipped: 9 },
  });
  expect(kept).toMatchObject([{ dropped: { snapshot: 1 }, records: [good] }]);
});

test.each([
  ['too many records', { records: Array.from({ length: 1_001 }, () => 1) }],
  ['no session', { session: undefined }],
  ['a time in words', { at: 'now' }],
  ['drops that are no numbers', { dropped: { snapshot: 'many' } }],
])('a batch with %s is refused', async (_, body) => {
  await using leaders = await Leaders.start();
  const { leader, kept } = await keeping(leaders);
  const said = await post(leaders, leader, body);
  expect(said).toMatchObject({ status: 400, answer: { code: 'BODY_INVALID' } });
  expect(kept).toEqual([]);
});

test.each([
  ['no database', undefined, 'HISTORY_OFF'],
  ['a database that is away', historyAway('db:5432'), 'HISTORY_AWAY'],
  ['no history after all', historyOff(), 'HISTORY_OFF'],
  ['a defect', new Error('oh'), 'HISTORY_AWAY'],
])('with %s nothing is taken for kept', async (_, error, code) => {
  await using leaders = await Leaders.start();
  const { leader } = await keeping(leaders);
  leader.history = error && {
    async write() {
      throw error;
    },
  };
  const history = await historyOf(leaders, leader);
  const refusal: unknown = await history.write(BATCH, signal).catch((reason: unknown) => reason);
  expect(errorCode(refusal)).toBe(code);
  expect(String(refusal)).not.toContain('5432');
  await history.close();
});

test('who does not lead keeps nothing, nor does a leader that has not read what there is', async () => {
  await using leaders = await Leaders.start();
  const standby = await leaders.addReplica({ leads: false });
  expect(await post(leaders, standby, {})).toMatchObject({ answer: { code: 'NOT_LEADER' } });
  const leader = await leaders.addReplica();
  leader.history = { write: async () => undefined };
  const records = [use('mine')];
  const early = await post(leaders, leader, { records });
  expect(early).toMatchObject({ status: 503, answer: { code: 'HISTORY_AWAY' } });
  leader.hub?.complete(SHARD);
  expect(await post(leaders, leader, { records })).toMatchObject({ answer: { skipped: 1 } });
});

test('a bot that is gone is spoken of by the shard that had it, until it is forgotten', () => {
  const where = new Whereabouts();
  where.placed(SHARD, 'a', 3);
  where.placed(OTHER, 'b', 3);
  where.released(OTHER, 'a');
  where.released(SHARD, 'a');
  expect(where.mayHaveHad(SHARD, 'a', 3)).toBe(true);
  expect(where.mayHaveHad(OTHER, 'a', 3)).toBe(false);
  expect(where.mayHaveHad({ fleet: 'other', ordinal: 0 }, 'a', 3)).toBeUndefined();
  where.forget(OTHER);
  expect(where.mayHaveHad(OTHER, 'b', 3)).toBe(true);
  for (let index = 0; index < 10_000; index++) {
    where.placed(SHARD, `n${index}`, 1);
    where.released(SHARD, `n${index}`);
  }
  expect(where.mayHaveHad(SHARD, 'a', 3)).toBeUndefined();
});
