import { expect, test } from 'vitest';
import { ShardHub, type SyncOutcome } from '../../src/control/hub.ts';
import {
  type Mark,
  PROTOCOL,
  type SyncAnswer,
  type SyncRequest,
} from '../../src/control/messages.ts';
import type { BotReport } from '../../src/control/port.ts';
import type { ShardId } from '../../src/control/shard-id.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { nextMacrotask } from '../../src/lib/clock.ts';
import { fleetSpec } from '../support/assignments.ts';
import { bot, caller, largeBot, report, SHARD } from './support.ts';

/** A hub, with a runtime that says word for word what a test has it say. */
class Bench {
  readonly clock = new AdjustableClock();
  readonly hub: ShardHub;
  readonly reports: BotReport[] = [];
  readonly released: string[] = [];
  readonly hosted: string[] = [];
  #seq = 0;

  constructor(options: { instance?: string; answerBytes?: number } = {}) {
    this.hub = new ShardHub({ clock: this.clock, instance: 'leader-1', ...options });
    this.hub.onReport((_, told) => this.reports.push(told));
    this.hub.onReleased(({ ordinal }, { uid, epoch }) =>
      this.released.push(`${uid}@${epoch} from ${ordinal}`),
    );
    this.hub.onHosting((_, hosting) =>
      this.hosted.push(hosting.map(({ uid, epoch }) => `${uid}@${epoch}`).join(' ')),
    );
    this.hub.setFleet('default', { fleet: fleetSpec('http://telegram'), shards: 1 });
  }

  request(said: Partial<SyncRequest> = {}): SyncRequest {
    return { protocol: PROTOCOL, session: 'session-1', seq: ++this.#seq, reports: [], ...said };
  }

  sync(said: Partial<SyncRequest> = {}, from = caller()): Promise<SyncOutcome> {
    return this.hub.sync(from, this.request(said), new AbortController().signal);
  }

  async answer(said: Partial<SyncRequest> = {}, from = caller()): Promise<SyncAnswer> {
    const outcome = await this.sync(said, from);
    if (outcome.kind !== 'answer') throw new Error(`not answered but ${outcome.kind}`);
    return outcome.answer;
  }

  /** Makes a runtime known that hosts these, and returns how far it is. */
  async hello(hosting: readonly string[] = []): Promise<Mark> {
    const all = hosting.map((uid) => ({ uid, epoch: 1 }));
    return markOf(await this.answer({ hosting: all }));
  }
}

function markOf({ instance, revision }: SyncAnswer): Mark {
  return { instance, revision };
}

function uids({ upserts }: SyncAnswer): string[] {
  return upserts.map((upsert) => (upsert as { uid: string }).uid);
}

/** What `promise` has come to by now. */
async function settled<T>(promise: Promise<T>): Promise<T | 'waits'> {
  await nextMacrotask();
  return Promise.race([promise, Promise.resolve('waits' as const)]);
}

test('a runtime is told what was placed, once', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  const first = await bench.answer({ hosting: [] });
  expect(uids(first)).toEqual(['a']);
  expect(first).toMatchObject({ complete: false, wantHosting: false, removals: [] });
  expect(first.share?.fleet.telegram.apiRoot).toBe('http://telegram');
  const held = bench.answer({ have: markOf(first) });
  expect(await settled(held)).toBe('waits');
  await bench.clock.advanceAsync(1_000);
  expect(await held).toMatchObject({ ...markOf(first), upserts: [], removals: [] });
  expect(bench.clock.pendingTimers).toBe(0);
});

test('news ends the wait, and the same again is no news', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  const have = await bench.hello();
  const held = bench.answer({ have });
  bench.hub.place(SHARD, bot('a'));
  bench.hub.setFleet('default', { fleet: fleetSpec('http://telegram'), shards: 1 });
  expect(await settled(held)).toBe('waits');
  bench.hub.place(SHARD, bot('a', { generation: 2 }));
  expect(uids(await held)).toEqual(['a']);
});

test('a lost answer is given again', async () => {
  const bench = new Bench();
  const have = await bench.hello();
  bench.hub.place(SHARD, bot('a'));
  bench.hub.withdraw(SHARD, 'b');
  const lost = await bench.answer({ have });
  const again = await bench.answer({ have });
  expect(again).toEqual(lost);
  expect(again).toMatchObject({ removals: ['b'] });
});

test('a withdrawn bot is released only when the runtime has seen it and hosts it no more', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  let have = await bench.hello(['a']);
  bench.hub.withdraw(SHARD, 'a');
  have = markOf(await bench.answer({ have, reports: [report('a', { lifecycle: 'Stopped' })] }));
  expect(bench.released).toEqual([]);
  void bench.sync({ have, hosting: [{ uid: 'a', epoch: 1 }] });
  expect(bench.released).toEqual([]);
  void bench.sync({ have, hosting: [] });
  expect(bench.released).toEqual(['a@1 from 0']);
  void bench.sync({ have, hosting: [] });
  expect(bench.released).toHaveLength(1);
});

test('an end that was told before the withdrawal was seen releases nothing', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  const have = await bench.hello();
  bench.hub.withdraw(SHARD, 'a');
  void bench.sync({ have, hosting: [], reports: [report('a', { lifecycle: 'Stopped' })] });
  expect(bench.released).toEqual([]);
});

test('placing a bot again undoes its withdrawal', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  const have = await bench.hello(['a']);
  bench.hub.withdraw(SHARD, 'a');
  bench.hub.place(SHARD, bot('a'));
  const answer = await bench.answer({ have });
  expect(answer).toMatchObject({ removals: [] });
  expect(uids(answer)).toEqual(['a']);
  void bench.sync({ have: markOf(answer), hosting: [] });
  expect(bench.released).toEqual([]);
});

test('a new leader takes away nothing before it has read everything', async () => {
  const bench = new Bench({ instance: 'leader-2' });
  const old = { instance: 'leader-1', revision: 77 };
  const asked = await bench.answer({ have: old });
  expect(asked).toMatchObject({ instance: 'leader-2', revision: 0, wantHosting: true });
  expect(asked.upserts).toEqual([]);
  const hosting = ['a', 'b', 'c'].map((uid) => ({ uid, epoch: 3 }));
  bench.hub.place(SHARD, bot('a', { epoch: 3 }));
  const early = await bench.answer({ have: markOf(asked), hosting });
  expect(early).toMatchObject({ removals: [], complete: false });
  const held = bench.answer({ have: markOf(early) });
  expect(await settled(held)).toBe('waits');
  bench.hub.place(SHARD, bot('b', { epoch: 3 }));
  const next = await held;
  bench.hub.complete(SHARD);
  const last = await bench.answer({ have: markOf(next) });
  expect(last).toMatchObject({ removals: ['c'], complete: true });
  void bench.sync({ have: markOf(last), hosting: hosting.slice(0, 2) });
  expect(bench.released).toEqual(['c@3 from 0']);
});

test('what a runtime turns out to host once all is read is withdrawn', async () => {
  const bench = new Bench();
  bench.hub.complete(SHARD);
  expect(await bench.answer({ hosting: [{ uid: 'x', epoch: 9 }] })).toMatchObject({
    removals: ['x'],
    complete: true,
  });
});

test('what a runtime says of a future epoch is nothing, and it gets the bot as it is to run', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a', { epoch: 3 }));
  const answer = await bench.answer({
    hosting: [{ uid: 'a', epoch: 9 }],
    reports: [report('a', { epoch: 9 })],
  });
  expect(answer.upserts).toMatchObject([{ uid: 'a', epoch: 3 }]);
  expect(bench.reports).toEqual([]);
});

test('a runtime that starts anew gets everything, and has released what it hosts no more', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  bench.hub.place(SHARD, bot('b'));
  const have = await bench.hello(['a', 'b']);
  bench.hub.withdraw(SHARD, 'b');
  await bench.answer({ have });
  const anew = await bench.answer({ session: 'session-2', hosting: [] });
  expect(uids(anew)).toEqual(['a']);
  expect(anew.removals).toEqual(['b']);
  void bench.sync({ session: 'session-2', have: markOf(anew) });
  expect(bench.released).toEqual(['b@1 from 0']);
});

test('a late request of a start that is over does not end the one that lives', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  const have = await bench.hello(['a']);
  const anew = markOf(await bench.answer({ session: 'session-2', hosting: [] }));
  await bench.answer({ have });
  const back = await bench.answer({ session: 'session-2', have: anew });
  expect(back.wantHosting).toBe(true);
  const hosting = [{ uid: 'a', epoch: 1 }];
  expect((await bench.answer({ session: 'session-2', hosting })).complete).toBe(false);
});

test('the next pod of a shard waits until the one before, should it live, gives way', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  await bench.hello();
  const next = caller('pod-b');
  const session = 'session-2';
  const held = bench.answer({ session, hosting: [] }, next);
  await bench.clock.advanceAsync(1_000);
  expect((await held).upserts).toEqual([]);
  await bench.clock.advanceAsync(9_000);
  expect(uids(await bench.answer({ session }, next))).toEqual(['a']);
  expect(await bench.sync()).toEqual({ kind: 'superseded' });
});

test('the next pod of a shard is served at once where the one before has ended its bots', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  const have = await bench.hello();
  void bench.sync({ have, hosting: [] });
  const answer = await bench.answer({ session: 'session-2', hosting: [] }, caller('pod-b'));
  expect(uids(answer)).toEqual(['a']);
});

test('a new pod of the shard supersedes the old one for good', async () => {
  const bench = new Bench();
  const have = await bench.hello();
  const held = bench.answer({ have });
  void bench.sync({ session: 'session-2', hosting: [] }, caller('pod-b'));
  expect((await held).upserts).toEqual([]);
  expect(await bench.sync({ have })).toEqual({ kind: 'superseded' });
  expect(bench.hub.contact(SHARD)).toMatchObject({ podUid: 'pod-b' });
});

test('a newer request ends the wait of the one before, and an older one is not heard', async () => {
  const bench = new Bench();
  bench.hub.place(SHARD, bot('a'));
  const have = await bench.hello(['a']);
  const late = bench.request({ have, reports: [report('a', { restarts: 1 })] });
  const first = bench.answer({ have });
  const second = bench.answer({ have, reports: [report('a', { restarts: 2 })] });
  expect(await first).toMatchObject({ upserts: [] });
  expect(await bench.hub.sync(caller(), late, new AbortController().signal)).toEqual({
    kind: 'stale',
  });
  expect(bench.reports.map(({ facts }) => facts.restarts)).toEqual([2]);
  await bench.clock.advanceAsync(1_000);
  await second;
});

test('a pod is heard on the bots of its own shard alone, and of their present owner', async () => {
  const bench = new Bench();
  const other: ShardId = { fleet: 'default', ordinal: 1 };
  bench.hub.place(SHARD, bot('mine', { epoch: 2 }));
  bench.hub.place(other, bot('theirs'));
  const hosting = [
    { uid: 'mine', epoch: 2 },
    { uid: 'theirs', epoch: 1 },
  ];
  const reports = [report('mine', { epoch: 2 }), report('mine'), report('theirs'), report('none')];
  const answer = await bench.answer({ hosting, reports });
  expect(uids(answer)).toEqual(['mine']);
  expect(bench.reports).toEqual([reports[0]]);
  bench.hub.complete(SHARD);
  bench.hub.complete(other);
  await bench.answer({ have: markOf(answer), reports: [report('theirs')] });
  expect(bench.reports).toHaveLength(1);
});

test('what a runtime said of a bot before the leader had read it is told once it has', async () => {
  const bench = new Bench();
  const hosting = ['a', 'b'].map((uid) => ({ uid, epoch: 1 }));
  await bench.answer({ hosting, reports: [report('a', { restarts: 5 }), report('b')] });
  expect(bench.hosted).toEqual(['a@1 b@1']);
  bench.hub.place(SHARD, bot('a'));
  bench.hub.place(SHARD, bot('b', { epoch: 2 }));
  expect(bench.reports).toEqual([report('a', { restarts: 5 })]);
});

test('an answer is bounded, and the rest follows in order', async () => {
  const bench = new Bench({ answerBytes: 100_000 });
  for (let index = 0; index < 7; index++) bench.hub.place(SHARD, largeBot(`b${index}`, 40_000));
  bench.hub.withdraw(SHARD, 'gone');
  bench.hub.place(SHARD, largeBot('huge', 300_000));
  bench.hub.complete(SHARD);
  const said: { uids: string[]; removals: string[]; complete: boolean }[] = [];
  let answer = await bench.answer({ hosting: [] });
  for (;;) {
    const { removals, complete } = answer;
    said.push({ uids: uids(answer), removals, complete });
    if (complete) break;
    answer = await bench.answer({ have: markOf(answer) });
  }
  expect(said).toEqual([
    { uids: ['b0', 'b1'], removals: [], complete: false },
    { uids: ['b2', 'b3'], removals: [], complete: false },
    { uids: ['b4', 'b5'], removals: [], complete: false },
    { uids: ['b6'], removals: ['gone'], complete: false },
    { uids: ['huge'], removals: [], complete: true },
  ]);
});

test('closing answers whoever waits', async () => {
  const bench = new Bench();
  const have = await bench.hello();
  const held = bench.answer({ have });
  bench.hub.close();
  expect(await held).toMatchObject(have);
  expect(bench.clock.pendingTimers).toBe(0);
});

test('it is known who speaks for a shard and when they last did', async () => {
  const bench = new Bench();
  expect(bench.hub.lastSeen(SHARD)).toBeUndefined();
  bench.clock.advance(5_000);
  await bench.hello(['a']);
  expect(bench.hub.contact(SHARD)).toEqual({
    pod: 'tenantbot-default-0',
    podUid: 'pod-a',
    lastSeenMs: 5_000,
    hosting: [{ uid: 'a', epoch: 1 }],
  });
  bench.hub.forget(SHARD);
  expect(bench.hub.contact(SHARD)).toBeUndefined();
});
