import { expect, test } from 'vitest';
import { PROTOCOL, type SyncAnswer, toWire } from '../../src/control/messages.ts';
import type { BotAssignment } from '../../src/control/port.ts';
import { ShardMirror } from '../../src/control/shard-mirror.ts';
import { fleetSpec } from '../support/assignments.ts';
import { bot, tokenOf } from './support.ts';

function answer(
  revision: number,
  bots: readonly BotAssignment[],
  change: Partial<SyncAnswer> = {},
): SyncAnswer {
  return {
    protocol: PROTOCOL,
    instance: 'leader-1',
    revision,
    complete: true,
    wantHosting: false,
    share: { fleet: fleetSpec('http://telegram'), shards: 1 },
    upserts: bots.map(toWire),
    removals: [],
    ...change,
  };
}

function uids(mirror: ShardMirror): string[] | undefined {
  return mirror.handOut()?.bots.map(({ uid }) => uid);
}

test('nothing is handed out before the fleet is known', () => {
  const mirror = new ShardMirror();
  const { share: _, ...withoutFleet } = answer(1, [bot('a')]);
  mirror.apply(withoutFleet, undefined);
  expect(mirror.handOut()).toBeUndefined();
  mirror.apply(answer(2, []), mirror.mark);
  expect(uids(mirror)).toEqual(['a']);
});

test('an answer that does not follow on what is known changes nothing', () => {
  const mirror = new ShardMirror();
  mirror.apply(answer(1, [bot('a')]), undefined);
  const late = mirror.apply(answer(9, [], { removals: ['a'] }), undefined);
  expect(late.kind).toBe('skipped');
  expect(uids(mirror)).toEqual(['a']);
});

test('a leader that was left is not heard again', () => {
  const mirror = new ShardMirror();
  mirror.apply(answer(5, [bot('a')]), undefined);
  mirror.apply(answer(0, [], { instance: 'leader-2' }), mirror.mark);
  const deposed = mirror.apply(answer(6, [], { removals: ['a'] }), mirror.mark);
  expect(deposed.kind).toBe('skipped');
  expect(uids(mirror)).toEqual(['a']);
  expect(mirror.mark?.instance).toBe('leader-2');
});

test('what a bot is made of survives the wire', () => {
  const mirror = new ShardMirror();
  const whole = bot('a', {
    dropPending: true,
    signingKeys: new Map([[0, bot('key').token]]),
    resume: { counters: { updates: 1, handled: 2, skipped: 3, replies: 4, errors: 5 } },
  });
  mirror.apply(JSON.parse(JSON.stringify(answer(1, [whole]))) as SyncAnswer, undefined);
  const [read] = mirror.handOut()?.bots ?? [];
  expect(read).toEqual(whole);
  expect(read?.token.reveal()).toBe(tokenOf('a'));
  expect(read?.signingKeys.get(0)?.reveal()).toBe(tokenOf('key'));
});

test('fields of a later version are skipped, and a kind of handler that is not known harms no neighbour', () => {
  const mirror = new ShardMirror();
  const newer = toWire(bot('newer'));
  const spec = bot('newer').spec;
  newer['spec'] = { ...spec, colour: 'red', handlers: [{ ...spec.handlers[0], weight: 7 }] };
  const beyond = toWire(bot('beyond'));
  beyond['spec'] = { ...spec, handlers: [{ telepathy: { strength: 9 } }] };
  const upserts = [beyond, { ...newer, colour: 'blue' }];
  const { unreadable } = mirror.apply(answer(1, [], { upserts }), undefined);
  expect(mirror.handOut()?.bots).toEqual([bot('newer')]);
  expect(unreadable).toMatchObject([{ uid: 'beyond', epoch: 1, generation: 1 }]);
  expect(unreadable[0]?.message).toContain('spec.handlers.0');
  expect(JSON.stringify(unreadable)).not.toContain('CaNaRy');
});

test('of a bot whose new spec is not understood, the old one goes on under the same owner alone', () => {
  const mirror = new ShardMirror();
  const beyond = (epoch: number) => ({ ...toWire(bot('a', { epoch, generation: 2 })), spec: {} });
  mirror.apply(answer(1, [bot('a')]), undefined);
  mirror.apply(answer(2, [], { upserts: [beyond(1)] }), mirror.mark);
  expect(mirror.handOut()?.bots).toEqual([bot('a')]);
  mirror.apply(answer(3, [], { upserts: [beyond(2)] }), mirror.mark);
  expect(uids(mirror)).toEqual([]);
});

test('a bot is hosted until it has ended after it was taken away', () => {
  const mirror = new ShardMirror();
  const follow = (): void => void mirror.handOut();
  mirror.apply(answer(1, [bot('a')]), undefined);
  expect(mirror.hosting()).toEqual([{ uid: 'a', epoch: 1 }]);
  follow();
  mirror.end({ uid: 'a', epoch: 1 });
  mirror.apply(answer(2, [], { removals: ['a'] }), mirror.mark);
  mirror.end({ uid: 'a', epoch: 1 });
  expect(mirror.hosting()).toEqual([{ uid: 'a', epoch: 1 }]);
  follow();
  const before = mirror.hostingVersion;
  mirror.end({ uid: 'a', epoch: 1 });
  expect(mirror.hosting()).toEqual([]);
  expect(mirror.hostingVersion).toBeGreaterThan(before);
});

test('a bot that was taken away before the runtime heard of it was never hosted', () => {
  const mirror = new ShardMirror();
  mirror.apply(answer(1, [bot('a')]), undefined);
  mirror.apply(answer(2, [], { removals: ['a'] }), mirror.mark);
  expect(mirror.hosting()).toEqual([]);
});
