import { expect, onTestFinished, test } from 'vitest';
import { memoryCounters } from '../../src/admin/limits/counters.ts';
import { InsuredCounters } from '../../src/admin/limits/insured-counters.ts';
import { parseLimits } from '../../src/admin/limits/limit-classes.ts';
import { type SharedCounters, sharedCounters } from '../../src/admin/limits/shared-counters.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { makeLog } from '../standalone/support.ts';
import { makeDatabase, migrateDatabase, type TestDatabase } from './databases.ts';

const TABLE = parseLimits('reads=3/1h,refusals=2/1h');

function replica({ address }: TestDatabase): SharedCounters {
  const counters = sharedCounters(async () => address, TABLE);
  onTestFinished(() => counters.close());
  return counters;
}

test('replicas count the limits by address together', async () => {
  const database = await makeDatabase();
  await migrateDatabase(database);
  const [one, other] = [replica(database), replica(database)];
  const used = async (counters: SharedCounters) => (await counters.add('reads', '192.0.2.1')).used;
  expect([await used(one), await used(other), await used(one)]).toEqual([1, 2, 3]);
  expect([await used(other), await used(one)]).toEqual([4, 5]);
  const { used: seen, resetMs } = await other.look('reads', '192.0.2.1');
  expect([seen, resetMs > 3_000_000 && resetMs <= 3_600_000]).toEqual([5, true]);
  expect((await one.look('refusals', '192.0.2.1')).used).toBe(0);
  expect((await one.add('reads', '192.0.2.2')).used).toBe(1);
});

test('where the tables are not there yet, a replica counts alone and says so', async () => {
  const database = await makeDatabase();
  const { log, lines } = makeLog();
  const own = memoryCounters(TABLE);
  const counters = new InsuredCounters({ shared: replica(database), own, clock: systemClock, log });
  expect((await counters.add('reads', '192.0.2.1')).used).toBe(1);
  expect((await counters.add('reads', '192.0.2.1')).used).toBe(2);
  expect(lines.filter((line) => line.includes('by this replica alone'))).toHaveLength(1);
});
