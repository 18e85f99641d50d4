import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { botFleetSpecSchema } from '../../src/api/bot-fleet.ts';
import type { Demand, Grant } from '../../src/control/grants.ts';
import { ShardHub } from '../../src/control/hub.ts';
import { PROTOCOL, type SyncAnswer } from '../../src/control/messages.ts';
import { Coordinator } from '../../src/coordinator/coordinator.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { MemoryStore } from './memory-store.ts';

const FLEET = 'default';
const signal = new AbortController().signal;

let clock: AdjustableClock;
let hub: ShardHub;
let coordinator: Coordinator;
let store: MemoryStore;
let isLeader: boolean;
let weights: number[];
let stop: AbortController;
let ended: Promise<void>;
beforeEach(async () => {
  seqs.fill(0);
  revisions.fill(0);
  grants.length = 0;
  clock = new AdjustableClock();
  hub = new ShardHub({ clock, instance: 'leader-1' });
  store = new MemoryStore();
  isLeader = true;
  weights = [1, 1];
  coordinator = new Coordinator({
    fleet: FLEET,
    instance: 'leader-1',
    store,
    isLeader: () => isLeader,
    shards: () => [],
    isGone: () => false,
    weightOf: (shard) => weights[shard] ?? 1,
    wake: (ordinal) => hub.wake({ fleet: FLEET, ordinal }),
    clock,
    random: () => 0.5,
    log: pino({ level: 'silent' }),
  });
  hub.setGranter(FLEET, coordinator);
  hub.setFleet(FLEET, { fleet: botFleetSpecSchema.parse({}), shards: 2 });
  stop = new AbortController();
  ended = coordinator.start(stop.signal);
  coordinator.setLimits({ perSecond: 100 });
  await clock.advanceAsync(1);
});
afterEach(async () => {
  stop.abort();
  await ended;
});

const seqs = [0, 0];
const grants: (Grant | undefined)[] = [];
const revisions = [0, 0];

/** One request of a shard that wants so many calls a second. */
function ask(ordinal: number, wanted: number, throttled = 0): Promise<SyncAnswer> {
  const have = { instance: 'leader-1', revision: revisions[ordinal] ?? 0 };
  const grant = grants[ordinal];
  const limit = grant?.shares['total']?.limit ?? 0;
  const demand: Demand = {
    ...(grant && { grant: grant.id }),
    uses: { total: { wanted, load: 0, limit } },
    throttled,
  };
  seqs[ordinal] = (seqs[ordinal] ?? 0) + 1;
  const caller = {
    shard: { fleet: FLEET, ordinal },
    pod: `pod-${ordinal}`,
    podUid: `uid-${ordinal}`,
  };
  const request = {
    protocol: PROTOCOL,
    session: `session-${ordinal}`,
    seq: seqs[ordinal] ?? 0,
    have,
    hosting: [],
    reports: [],
    demand,
  };
  return hub.sync(caller, request, signal).then((outcome) => {
    if (outcome.kind !== 'answer') throw new Error(outcome.kind);
    revisions[ordinal] = outcome.answer.revision;
    grants[ordinal] = outcome.answer.grant ?? grants[ordinal];
    return outcome.answer;
  });
}

const limitOf = (answer: SyncAnswer): number | undefined => answer.grant?.shares['total']?.limit;

test('a shard hears at once of what it is to give up, and of what it gets', async () => {
  // What they are told first is their fleet's settings, with or without a grant.
  await Promise.all([ask(0, 90), ask(1, 10)]);
  await clock.advanceAsync(500);
  const first = [ask(0, 90), ask(1, 10)];
  await clock.advanceAsync(1_000);
  const limits = (await Promise.all(first)).map(limitOf);
  expect(limits[0]).toBeGreaterThan(80);
  expect((limits[0] ?? 0) + (limits[1] ?? 0)).toBeLessThanOrEqual(100);

  const held = ask(0, 90);
  await clock.advanceAsync(100);
  const wanting = ask(1, 90);
  await clock.advanceAsync(0);
  expect(limitOf(await held)).toBe(50);
  // The one that gave up has yet to say that it did.
  void ask(0, 90);
  await clock.advanceAsync(300);
  // As much as is free and in the table comes at once, the rest when both are so.
  expect(limitOf(await wanting)).toBeLessThanOrEqual(50);
  const next = ask(1, 90);
  await clock.advanceAsync(300);
  expect(limitOf(await next)).toBe(50);
});

test('a shard gets as much as its weight says, also when that changes', async () => {
  const turn = async (): Promise<(number | undefined)[]> => {
    const asked = [ask(0, 90), ask(1, 90)];
    await clock.advanceAsync(1_000);
    return (await Promise.all(asked)).map(limitOf);
  };
  weights = [30, 10];
  for (let second = 0; second < 4; second++) await turn();
  expect(await turn()).toEqual([75, 25]);
  weights = [30, 70];
  for (let second = 0; second < 8; second++) await turn();
  expect(await turn()).toEqual([30, 70]);
});

test('whoever leads no more grants nothing', async () => {
  await ask(0, 10);
  isLeader = false;
  const asked = ask(0, 10);
  await clock.advanceAsync(1_000);
  expect(await asked).not.toHaveProperty('grant');
});

test('a demand that does not change writes no table', async () => {
  for (let second = 0; second < 30; second++) {
    const asked = [ask(0, 30), ask(1, 5)];
    await clock.advanceAsync(1_000);
    await Promise.all(asked);
    if (second === 5) store.writes = 0;
  }
  expect(store.writes).toBe(0);
});

test('a table that was deleted or changed by hand is made anew, and grants go on', async () => {
  const turn = async (): Promise<SyncAnswer> => {
    const asked = ask(0, 30);
    await clock.advanceAsync(1_000);
    return asked;
  };
  for (let second = 0; second < 4; second++) await turn();
  store.stored = undefined;
  coordinator.setLimits({ perSecond: 400 });
  await turn();
  store.stored = { text: 'term: 99', version: 'by hand' };
  coordinator.setLimits({ perSecond: 4_000 });
  for (let second = 0; second < 3; second++) await turn();
  expect(limitOf(await turn())).toBe(4_000);
});

test('another limit holds at once, also a lower one', async () => {
  for (let second = 0; second < 3; second++) {
    const asked = ask(0, 300);
    await clock.advanceAsync(1_000);
    await asked;
  }
  const held = ask(0, 300);
  await clock.advanceAsync(10);
  coordinator.setLimits({ perSecond: 7 });
  await clock.advanceAsync(0);
  expect(limitOf(await held)).toBe(7);
  const higher = ask(0, 300);
  await clock.advanceAsync(10);
  coordinator.setLimits({ perSecond: 70 });
  await clock.advanceAsync(250);
  expect(limitOf(await higher)).toBe(70);
});

test('when Telegram slows several bots down, every shard does, and comes back step by step', async () => {
  const turn = async (throttled: readonly [number, number]): Promise<number> => {
    const asked = [ask(0, 90, throttled[0]), ask(1, 90, throttled[1])];
    await clock.advanceAsync(1_000);
    const limits = (await Promise.all(asked)).map((answer) => limitOf(answer) ?? 0);
    return limits.reduce((total, limit) => total + limit, 0);
  };
  for (let second = 0; second < 4; second++) await turn([0, 0]);
  expect(await turn([1, 1])).toBe(100);
  await turn([2, 1]);
  expect(await turn([2, 1])).toBe(50);
  for (let second = 0; second < 6; second++) await turn([0, 0]);
  expect(await turn([0, 0])).toBe(62);
  for (let second = 0; second < 16; second++) await turn([0, 0]);
  expect(await turn([0, 0])).toBe(100);
});
