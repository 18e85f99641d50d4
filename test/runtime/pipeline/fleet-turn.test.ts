import { beforeEach, expect, test } from 'vitest';
import { wholeGrant } from '../../../src/control/whole-grant.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { BotGuards, ShardGuards } from '../../../src/runtime/pipeline/guards.ts';
import { makeBare } from '../../../src/runtime/pipeline/pipeline.ts';
import { CallError, type CallFault } from '../../../src/runtime/telegram/call-error.ts';
import { botAssignment } from '../../support/assignments.ts';

const handlers = [{ command: { name: 'start', reply: { text: 'Hello' } } }];
const BOT = botAssignment({ name: 'a', token: '1:a', handlers });
const signal = new AbortController().signal;

let clock: AdjustableClock;
let guarded: { bot: BotGuards; shard: ShardGuards };

function getMe(make: () => Promise<void>): Promise<void> {
  const context = {
    ...guarded,
    clock,
    onStateChange: () => undefined,
    onPause: () => undefined,
    onTried: () => undefined,
  };
  return makeBare('getMe', { context, method: 'getMe', priority: 'poll', signal }, make);
}

beforeEach(() => {
  clock = new AdjustableClock();
  guarded = { bot: new BotGuards(BOT, clock), shard: new ShardGuards(clock) };
});

test('a call past the pipeline waits for its turn, and counts until a second after its answer', async () => {
  const { fleetRate } = guarded.shard;
  fleetRate.apply({ perSecond: 1 });
  fleetRate.grant(wholeGrant({ perSecond: 1 }, 1), 0);
  const made: number[] = [];
  const make = async (): Promise<void> => void made.push(clock.monotonicMs());
  const calls = Promise.all([getMe(make), getMe(make)]);
  await clock.advanceAsync(2_000);
  await calls;
  expect(made).toEqual([0, 1_010]);
});

test.each<[CallFault, boolean]>([
  ['rate-limited', true],
  ['server', false],
])('after %s the calls of the bot are held back: %s', async (fault, held) => {
  const failure = new CallError(fault, 'words', { mayHaveHappened: false, retryAfterMs: 5_000 });
  const call = getMe(() => Promise.reject(failure));
  await expect(call).rejects.toBe(failure);
  expect(guarded.shard.throttledBots.count(clock.monotonicMs())).toBe(held ? 1 : 0);
  const { rates } = guarded.bot;
  const message = { method: 'sendMessage', payload: { chat_id: 1 } };
  const waiting = rates.enter(
    rates.turn(message, { priority: 'reply', deadlineMs: 60_000 }),
    signal,
  );
  expect(waiting instanceof Promise).toBe(held);
  await clock.advanceAsync(5_000);
  await waiting;
});
