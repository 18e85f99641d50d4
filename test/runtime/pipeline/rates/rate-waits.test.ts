import { Registry } from 'prom-client';
import { beforeEach, expect, test } from 'vitest';
import { wholeGrant } from '../../../../src/control/whole-grant.ts';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../../../src/lib/random.ts';
import { BotGuards, ShardGuards } from '../../../../src/runtime/pipeline/guards.ts';
import { rate } from '../../../../src/runtime/pipeline/rate.ts';
import { RateWaits } from '../../../../src/runtime/pipeline/rates/rate-waits.ts';
import type { Call } from '../../../../src/runtime/pipeline/step.ts';
import { CallError } from '../../../../src/runtime/telegram/call-error.ts';
import { botAssignment } from '../../../support/assignments.ts';

const handlers = [{ command: { name: 'start', reply: { text: 'Hello' } } }];
const limits = { requestsPerSecond: 5, burst: 5, maxConcurrent: 10 };
const BOT = botAssignment({ name: 'a', token: '1:a', handlers, spec: { limits } });

let clock: AdjustableClock;
let registry: Registry;
let shard: ShardGuards;
let bot: BotGuards;
beforeEach(() => {
  clock = new AdjustableClock();
  registry = new Registry();
  shard = new ShardGuards(clock, undefined, undefined, new RateWaits(clock, registry));
  bot = new BotGuards(BOT, clock);
});

/** A call on its way through the limits; resolves to its end, or the words of its refusal. */
async function call(chat: number, { method = 'sendMessage', forMs = 60_000, pauseMs = -1 } = {}) {
  const signal = new AbortController().signal;
  const context = {
    clock,
    random: seededRandom(1),
    bot,
    shard,
    onPause: () => undefined,
    onTried: () => undefined,
  };
  const made = {
    context,
    method,
    payload: { chat_id: chat },
    priority: 'reply',
    signal,
    deadlineMs: clock.monotonicMs() + forMs,
  } as unknown as Call;
  const end = await rate(made);
  const mayHaveHappened = false;
  const failure = new CallError('rate-limited', 'x', { mayHaveHappened, retryAfterMs: pauseMs });
  await end(pauseMs < 0 ? undefined : failure);
}

/** The metrics that are not 0, without their names' common beginning. */
async function told(): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines
    .filter((line) => /^tenantbot_\S+ [1-9]/.test(line) && !/_(bucket|sum)\{/.test(line))
    .map((line) => line.replace(/^tenantbot_/, ''));
}

test('calls that wait are told by what they wait for, and for how long', async () => {
  const waiting = [1, 2, 3, 4, 5, 6].map((chat) => call(chat));
  expect(await told()).toEqual(['rate_waiting{limit="bot"} 1']);
  await clock.advanceAsync(1_100);
  await Promise.all(waiting);
  expect(await told()).toEqual(['rate_wait_seconds_count{limit="bot"} 1']);
  expect(await registry.metrics()).toContain(
    'tenantbot_rate_wait_seconds_bucket{le="5",limit="bot"} 1',
  );
});

test('a limit of the chat, and one of the fleet', async () => {
  const toOne = [1, 1, 1, 1].map((chat) => call(chat));
  expect(await told()).toEqual(['rate_waiting{limit="chat"} 1']);
  await clock.advanceAsync(5_000);
  await Promise.all(toOne);
  shard.fleetRate.apply({ perSecond: 1 });
  shard.fleetRate.grant(wholeGrant({ perSecond: 1 }, 1), clock.monotonicMs());
  const two = [call(2), call(3)];
  expect(await told()).toEqual([
    'rate_waiting{limit="fleet"} 1',
    'rate_wait_seconds_count{limit="chat"} 1',
  ]);
  await clock.advanceAsync(5_000);
  await Promise.all(two);
});

test('pauses are counted, and what waits for their end or gets no turn', async () => {
  await call(1, { pauseMs: 20_000 });
  const later = call(1);
  await expect(call(1, { forMs: 5_000 })).rejects.toThrow('slow down in this chat');
  expect(await told()).toEqual([
    'rate_waiting{limit="pause"} 1',
    'rate_refused_total{limit="pause"} 1',
    'pauses_total{of="chat"} 1',
  ]);
  await call(2, { pauseMs: 10_000 });
  expect(await told()).toContain('pauses_total{of="bot"} 1');
  await clock.advanceAsync(21_000);
  await later;
  expect(await told()).toContain('rate_wait_seconds_count{limit="pause"} 1');
  expect((await told()).join()).not.toContain('waiting');
});
