import type { Update } from 'grammy/types';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { Poller, type PollerOptions } from '../../../src/runtime/intake/poller.ts';
import { CallError, type CallFault } from '../../../src/runtime/telegram/call-error.ts';
import type { GetUpdates } from '../../../src/runtime/telegram/direct-caller.ts';

/** One getUpdates that waits for the test's answer. */
interface Call {
  readonly parameters: GetUpdates;
  answer(...ids: number[]): Promise<void>;
  fail(fault: CallFault, retryAfterMs?: number): Promise<void>;
}

let clock: AdjustableClock;
let pollers: Poller[];
let calls: Call[];
let received: number[];
let troubles: string[];
/** What pollers have ended with by themselves. */
let failed: unknown[];

beforeEach(() => {
  clock = new AdjustableClock();
  pollers = [];
  calls = [];
  received = [];
  troubles = [];
  failed = [];
});
afterEach(() => Promise.all(pollers.map((poller) => poller.stop())));

function getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
  return new Promise((resolve, reject) => {
    const settled = () => clock.advanceAsync(0);
    calls.push({
      parameters,
      answer: (...ids) => {
        resolve(ids.map((update_id) => ({ update_id })));
        return settled();
      },
      fail: (fault, retryAfterMs) => {
        reject(
          new CallError(fault, fault, {
            mayHaveHappened: false,
            ...(retryAfterMs !== undefined && { retryAfterMs }),
          }),
        );
        return settled();
      },
    });
    signal.addEventListener('abort', () =>
      reject(new CallError('aborted', 'aborted', { mayHaveHappened: true })),
    );
  });
}

function startPoller(options: Partial<PollerOptions> = {}): Poller {
  const poller = new Poller({
    caller: { getUpdates },
    clock,
    random: seededRandom(1),
    events: {
      onUpdates: (updates) => received.push(...updates.map(({ update_id }) => update_id)),
      onContact: () => undefined,
      onLull: () => undefined,
      onStuck: () => troubles.push('stuck'),
      onTrouble: ({ fault }) => troubles.push(fault),
      onFailed: (error) => void failed.push(error),
    },
    allowedUpdates: ['message'],
    dropPending: false,
    holdSeconds: 50,
    ...options,
  });
  pollers.push(poller);
  poller.start();
  return poller;
}

/** The call that is under way. */
function current(): Call {
  const call = calls.at(-1);
  if (!call) throw new Error('no call was made');
  return call;
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe('a poller', () => {
  test('confirms an update with the poll that follows its end', async () => {
    const poller = startPoller();
    expect(current().parameters).toEqual({
      offset: 0,
      limit: 100,
      timeout: 50,
      allowed_updates: ['message'],
    });
    await current().answer(7);
    expect(calls).toHaveLength(1);
    poller.finish(7);
    await clock.advanceAsync(0);
    expect(current().parameters.offset).toBe(8);
    expect(clock.pendingTimers).toBe(0);
  });

  test('looks for more while an update is in hand, and hands out only what is new', async () => {
    const poller = startPoller();
    await current().answer(7);
    await clock.advanceAsync(199);
    expect(calls).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(current().parameters.offset).toBe(7);
    await current().answer(7, 8);
    expect(received).toEqual([7, 8]);
    poller.finish(8);
    // The same offset as before: Telegram would cut the answer short if it were asked sooner.
    await clock.advanceAsync(599);
    expect(calls).toHaveLength(2);
    await clock.advanceAsync(1);
    expect(current().parameters.offset).toBe(7);
    await current().answer(7, 8, 9);
    expect(received).toEqual([7, 8, 9]);
    poller.finish(7);
    await clock.advanceAsync(200);
    expect(current().parameters.offset).toBe(9);
  });

  test('handles an update once that was finished while a poll brought it again', async () => {
    const poller = startPoller();
    await current().answer(7);
    await clock.advanceAsync(600);
    poller.finish(7);
    await current().answer(7, 8);
    expect(received).toEqual([7, 8]);
  });

  test('does not ask again while all that Telegram would show is in hand', async () => {
    const poller = startPoller();
    await current().answer(...range(1, 100));
    await clock.advanceAsync(5_000);
    await current().answer(...range(1, 100));
    for (const id of range(2, 11)) poller.finish(id);
    await clock.advanceAsync(50_000);
    expect(calls).toHaveLength(2);
    poller.finish(1);
    await clock.advanceAsync(200);
    expect(current().parameters.offset).toBe(13);
    expect(troubles).toEqual([]);
  });

  test('asks again late where little of a full answer is finished', async () => {
    const poller = startPoller();
    await current().answer(...range(1, 100));
    poller.finish(1);
    await clock.advanceAsync(8 * 600 + 199);
    expect(calls).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(current().parameters.offset).toBe(2);
  });

  test('looks the less often the more it reads again for the little that is new', async () => {
    startPoller();
    await current().answer(...range(1, 24));
    await clock.advanceAsync(600);
    await current().answer(...range(1, 25));
    await clock.advanceAsync(3 * 600 - 1);
    expect(calls).toHaveLength(2);
    await clock.advanceAsync(1);
    await current().answer(...range(1, 29));
    await clock.advanceAsync(600);
    await current().answer(...range(1, 98));
    await clock.advanceAsync(600);
    await current().answer(...range(1, 99));
    await clock.advanceAsync(8 * 600 - 1);
    expect(calls).toHaveLength(5);
    await clock.advanceAsync(1);
    expect(calls).toHaveLength(6);
  });

  test('says when the oldest update keeps all others from being seen for a minute', async () => {
    startPoller();
    await current().answer(...range(1, 100));
    await clock.advanceAsync(5_000);
    await current().answer(...range(1, 100));
    await clock.advanceAsync(59_999);
    expect(troubles).toEqual([]);
    await clock.advanceAsync(1);
    expect(troubles).toEqual(['stuck']);
  });

  test('backs off after errors, more and more, and starts afresh after a success', async () => {
    startPoller();
    for (const [least, most] of [
      [250, 500],
      [500, 1_000],
      [1_000, 2_000],
    ] as const) {
      const before = calls.length;
      await current().fail('network');
      await clock.advanceAsync(least - 1);
      expect(calls).toHaveLength(before);
      await clock.advanceAsync(most - least + 1);
      expect(calls).toHaveLength(before + 1);
    }
    await current().answer();
    await current().fail('server');
    await clock.advanceAsync(500);
    expect(calls).toHaveLength(6);
    expect(troubles).toEqual(['network', 'network', 'network', 'server']);
  });

  test('obeys retry_after', async () => {
    startPoller();
    await current().fail('rate-limited', 40_000);
    await clock.advanceAsync(40_000);
    expect(calls).toHaveLength(1);
    await clock.advanceAsync(500);
    expect(calls).toHaveLength(2);
  });

  test('does not fight another poller', async () => {
    startPoller();
    for (let round = 0; round < 8; round++) {
      await current().fail('conflict');
      await clock.advanceAsync(2_499);
      expect(calls).toHaveLength(round + 1);
      await clock.advanceAsync(57_501);
      expect(calls).toHaveLength(round + 2);
    }
  });

  test('begins where whoever polled before has ended', async () => {
    const poller = startPoller({ offset: 18 });
    expect(current().parameters.offset).toBe(18);
    await current().answer(20);
    poller.finish(20);
    expect(poller.offset).toBe(21);
  });

  test('gives a refused token back to who started it', async () => {
    startPoller();
    await current().fail('unauthorized');
    expect(failed).toMatchObject([{ fault: 'unauthorized' }]);
    expect(calls).toHaveLength(1);
  });

  test('asks for other kinds at once, breaking off the poll', async () => {
    const poller = startPoller();
    poller.setAllowedUpdates(['message']);
    await clock.advanceAsync(0);
    expect(calls).toHaveLength(1);
    poller.setAllowedUpdates(['message', 'callback_query']);
    await clock.advanceAsync(0);
    expect(calls).toHaveLength(2);
    expect(current().parameters.allowed_updates).toEqual(['message', 'callback_query']);
    expect(troubles).toEqual([]);
  });

  test('throws away what waits only where it is told to, the last update included', async () => {
    startPoller({ dropPending: true });
    expect(current().parameters).toEqual({ offset: -1, limit: 1, timeout: 0 });
    await current().fail('network');
    await clock.advanceAsync(500);
    await current().answer(41);
    expect(current().parameters.offset).toBe(42);
    expect(received).toEqual([]);
  });
});

describe('a poller that stops', () => {
  test('does so at once, whatever it waits for', async () => {
    const held = startPoller();
    await held.stop();

    const pausing = startPoller();
    await current().answer(1);
    await pausing.stop();

    const backingOff = startPoller();
    await current().fail('network');
    await backingOff.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  test('confirms what is finished, and no more', async () => {
    const poller = startPoller();
    await current().answer(1, 2, 3);
    poller.finish(1);
    poller.finish(3);
    await poller.stop();
    const confirmed = poller.confirm();
    expect(current().parameters).toEqual({ offset: 2, limit: 1, timeout: 0 });
    await current().answer(2);
    await confirmed;
    expect(received).toEqual([1, 2, 3]);
  });

  test('says nothing twice: a poll that was held has confirmed', async () => {
    const poller = startPoller();
    await current().answer(1);
    poller.finish(1);
    await clock.advanceAsync(5_000);
    await poller.stop();
    await poller.confirm();
    expect(calls).toHaveLength(2);
  });

  test('does say it twice where the poll may not have arrived', async () => {
    const poller = startPoller();
    await current().answer(1);
    poller.finish(1);
    await clock.advanceAsync(10);
    await poller.stop();
    const confirmed = poller.confirm();
    expect(calls).toHaveLength(3);
    // Held, since the offset is the same as before: it has arrived, and that is all.
    await clock.advanceAsync(250);
    await confirmed;
  });
});
