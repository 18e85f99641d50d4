import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { CallView } from '../../../src/emulator/control-client.ts';
import { waitFor } from '../../support/wait.ts';
import { Hosting } from '../hosting.ts';

let hosting: Hosting;
beforeEach(async () => {
  hosting = await Hosting.start();
  onTestFinished(() => hosting[Symbol.asyncDispose]());
});

/** Everyone writes to a bot at the same time, each in a chat of their own. */
async function everyoneWrites(bot: string, people: number): Promise<void> {
  const names = Array.from({ length: people }, (_, index) => `${bot}_user${index}`);
  await Promise.all(names.map((name) => hosting.say(bot, '/start', name)));
}

/** The messages of a bot, or of all, once there are so many that arrived. */
function messages(count: number, bot?: string): Promise<CallView[]> {
  const of = bot === undefined ? {} : { bot: `${bot}_bot` };
  return waitFor(
    `${count} messages`,
    async () => {
      const calls = await hosting.control.calls({ ...of, method: 'sendMessage' });
      return calls.filter(({ outcome }) => outcome?.ok).length >= count ? calls : undefined;
    },
    { timeoutMs: 20_000 },
  );
}

function mostInASecond(calls: readonly CallView[]): number {
  const times = calls.map(({ startedAtMs }) => startedAtMs);
  const counts = times.map((from) => times.filter((at) => at >= from && at < from + 1_000));
  return Math.max(0, ...counts.map(({ length }) => length));
}

const statusOf = ({ outcome }: CallView): number | undefined => outcome?.status;

describe('what Telegram sees of a bot', () => {
  test('is no more in any second than its limit, and every call is made', async () => {
    await hosting.host('calm', { spec: { limits: { requestsPerSecond: 8, burst: 4 } } });
    await hosting.running('calm');
    await everyoneWrites('calm', 20);
    const calls = await messages(20);
    expect(mostInASecond(calls)).toBeLessThanOrEqual(8);
    expect(calls).toHaveLength(20);
  });

  test('is no more at the same time than its limit', async () => {
    await hosting.host('slow', { spec: { limits: { maxConcurrent: 2 } } });
    await hosting.running('slow');
    const effect = { kind: 'delay', delayMs: 100 } as const;
    await hosting.control.addFault({ method: 'sendMessage', effect });
    await everyoneWrites('slow', 8);
    const calls = await messages(8);
    const overlapping = calls.map(
      ({ startedAtMs }) =>
        calls.filter(
          (other) => other.startedAtMs <= startedAtMs && (other.endedAtMs ?? 0) > startedAtMs,
        ).length,
    );
    expect(Math.max(...overlapping)).toBe(2);
  });
});

test('what Telegram sees of a fleet is no more in any second than its limit, polls included', async () => {
  hosting.rateLimits = { perSecond: 10 };
  await Promise.all([hosting.host('one'), hosting.host('two')]);
  await Promise.all([hosting.running('one'), hosting.running('two')]);
  await Promise.all([everyoneWrites('one', 12), everyoneWrites('two', 12)]);
  await messages(24);
  expect(mostInASecond(await hosting.control.calls())).toBeLessThanOrEqual(10);
});

test('a limit of the fleet takes effect while its bots run', async () => {
  await hosting.host('one');
  await hosting.running('one');
  hosting.rateLimits = { methods: { sendMessage: 4 } };
  hosting.publish();
  await everyoneWrites('one', 10);
  expect(mostInASecond(await messages(10))).toBeLessThanOrEqual(4);
});

test('a user who writes faster than Telegram lets a bot answer gets every answer, without a 429', async () => {
  await hosting.control.setLimits({ floodControl: true });
  await hosting.host('bot');
  await hosting.running('bot');
  for (let index = 0; index < 7; index++) await hosting.say('bot', '/start');
  const calls = await messages(7);
  expect(calls.map(statusOf)).toEqual(calls.map(() => 200));
});

describe('when Telegram asks to slow down', () => {
  const pause = { kind: 'status', status: 429, retryAfterSeconds: 2 } as const;

  test('a chat is left alone until its pause is over, and no other waits for it', async () => {
    await hosting.host('bot');
    await hosting.running('bot');
    const ann = await hosting.control.createUser({ firstName: 'ann', username: 'ann' });
    await hosting.control.addFault({
      chat: ann.id,
      method: 'sendMessage',
      count: 1,
      effect: pause,
    });
    await hosting.say('bot', '/start', 'ann');
    await waitFor('the pause', async () => (await hosting.calls('bot', 'sendMessage')) > 0);
    await hosting.say('bot', '/start', 'ann');
    await hosting.say('bot', '/start', 'bob');
    const calls = await messages(3);
    const [refused, ...toAnn] = calls.filter(
      ({ parameters }) => parameters['chat_id'] === `${ann.id}`,
    );
    expect(refused && statusOf(refused)).toBe(429);
    const endMs = (refused?.endedAtMs ?? Infinity) + 2_000;
    expect(toAnn.map(({ startedAtMs }) => startedAtMs >= endMs)).toEqual([true, true]);
    const toBob = calls.find(({ parameters }) => parameters['chat_id'] !== `${ann.id}`);
    expect(toBob?.startedAtMs).toBeLessThan(endMs);
  });

  test('for longer than a call may wait, the update waits instead, and is not lost', async () => {
    await hosting.host('bot');
    await hosting.running('bot');
    const effect = { ...pause, retryAfterSeconds: 120 };
    await hosting.control.addFault({ method: 'sendMessage', count: 1, effect });
    await hosting.say('bot', '/start');
    await waitFor('the pause', async () => (await hosting.calls('bot', 'sendMessage')) > 0);
    await waitFor('the answer', async () => {
      await hosting.advance(5_000);
      return (await hosting.calls('bot', 'sendMessage')) > 1;
    });
    const [refused, answer] = await messages(1);
    const waitedMs = (answer?.startedAtMs ?? 0) - (refused?.endedAtMs ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(120_000);
    expect(waitedMs).toBeLessThan(150_000);
  });

  test('in two chats, the bot holds back all that waits; its neighbour does not notice', async () => {
    await hosting.host('loud', { spec: { limits: { maxConcurrent: 4 } } });
    await hosting.host('calm');
    await Promise.all([hosting.running('loud'), hosting.running('calm')]);
    const effects = [{ kind: 'delay', delayMs: 300 } as const, pause];
    for (const effect of effects) {
      await hosting.control.addFault({ bot: 'loud_bot', method: 'sendMessage', count: 4, effect });
    }
    await everyoneWrites('loud', 12);
    await waitFor('the storm', async () => {
      const calls = await hosting.control.calls({ bot: 'loud_bot', method: 'sendMessage' });
      return calls.filter((call) => statusOf(call) === 429).length === 4;
    });
    await everyoneWrites('calm', 3);
    const calm = await messages(3, 'calm');
    const loud = await messages(12, 'loud');
    const refused = loud.filter((call) => statusOf(call) === 429);
    expect(refused).toHaveLength(4);
    const fromMs = Math.max(...refused.map(({ endedAtMs }) => endedAtMs ?? 0));
    expect(
      loud.filter(({ startedAtMs }) => startedAtMs > fromMs && startedAtMs < fromMs + 1_950),
    ).toEqual([]);
    expect(Math.max(...calm.map(({ startedAtMs }) => startedAtMs))).toBeLessThan(fromMs + 1_950);
  });
});
