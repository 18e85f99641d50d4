import type { Update } from 'grammy/types';
import { describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { nextMacrotask } from '../../../src/lib/clock.ts';
import {
  type DispatcherOptions,
  UpdateDispatcher,
  type UpdateOutcome,
} from '../../../src/runtime/dispatch/update-dispatcher.ts';
import { messageIn } from './updates.ts';

/** A dispatcher whose tries stay in hand until the test ends them. */
function byHand(options: Partial<DispatcherOptions> = {}) {
  const clock = new AdjustableClock();
  const inHand = new Map<number, PromiseWithResolvers<'handled' | 'unmatched'>>();
  const signals: AbortSignal[] = [];
  const done = new Map<number, UpdateOutcome>();
  const dispatcher = new UpdateDispatcher({
    clock,
    random: () => 1,
    maxConcurrent: 2,
    handle: (update, _attempt, { signal }) => {
      const promise = Promise.withResolvers<'handled' | 'unmatched'>();
      inHand.set(update.update_id, promise);
      signals.push(signal);
      return promise.promise.finally(() => inHand.delete(update.update_id));
    },
    retryable: () => true,
    heldBackMs: () => undefined,
    onDone: (update, outcome) => done.set(update.update_id, outcome),
    ...options,
  });
  const submit = (...updates: readonly Update[]) => {
    for (const update of updates) dispatcher.submit(update);
  };
  const end = async (id: number, result: 'handled' | 'unmatched' | Error = 'handled') => {
    const promise = inHand.get(id) ?? expect.fail(`update ${id} is not in hand`);
    if (result instanceof Error) promise.reject(result);
    else promise.resolve(result);
    await nextMacrotask();
  };
  return { clock, dispatcher, inHand, signals, done, submit, end, ids: () => [...inHand.keys()] };
}

const never = () => new AbortController().signal;

describe('the limit', () => {
  test('may be raised, which lets waiting chats begin at once', () => {
    const { dispatcher, submit, ids } = byHand();
    submit(messageIn(1, 1), messageIn(2, 2), messageIn(3, 3), messageIn(4, 4));
    expect(ids()).toEqual([1, 2]);
    dispatcher.setMaxConcurrent(3);
    expect(ids()).toEqual([1, 2, 3]);
  });

  test('may be lowered, which interrupts nothing but lets nothing begin', async () => {
    const { dispatcher, submit, end, ids } = byHand();
    submit(messageIn(1, 1), messageIn(2, 2), messageIn(3, 3));
    dispatcher.setMaxConcurrent(1);
    await end(1);
    expect(ids()).toEqual([2]);
    await end(2);
    expect(ids()).toEqual([3]);
  });
});

describe('an outcome', () => {
  test('says what the handlers made of the update', async () => {
    const { submit, end, done } = byHand();
    submit(messageIn(1, 1), messageIn(2, 2));
    await end(1);
    await end(2, 'unmatched');
    expect(done.get(1)).toEqual({ kind: 'handled' });
    expect(done.get(2)).toEqual({ kind: 'unmatched' });
  });

  test('names the error of an update that was given up', async () => {
    const poison = new Error('poison');
    const { submit, end, done } = byHand({ retryable: () => false });
    submit(messageIn(1, 1));
    await end(1, poison);
    expect(done.get(1)).toEqual({ kind: 'skipped', error: poison, attempts: 1 });
  });
});

test('a chat that pauses before another try holds up no other, even with one slot', async () => {
  const { clock, dispatcher, submit, end, ids } = byHand({ maxConcurrent: 1 });
  submit(messageIn(1, 1), messageIn(1, 2), messageIn(2, 3));
  await end(1, new Error('try again'));
  expect(ids()).toEqual([3]);
  await end(3);
  expect(ids()).toEqual([]);
  expect(dispatcher.open).toBe(2);
  clock.advance(1_000);
  expect(ids()).toEqual([1]);
});

describe('a try that is held back', () => {
  const held = new Error('held back');
  const heldBackMs = (error: unknown) => (error === held ? 5_000 : undefined);

  test('does not count, and keeps its chat in order', async () => {
    const { clock, submit, end, ids, done } = byHand({ heldBackMs });
    submit(messageIn(1, 1), messageIn(1, 2), messageIn(2, 3));
    for (let n = 0; n < 10; n++) {
      await end(1, held);
      clock.advance(4_999);
      expect(ids()).toEqual([3]);
      clock.advance(1);
      expect(ids()).toEqual([3, 1]);
    }
    const poison = new Error('poison');
    for (const pauseMs of [1_000, 4_000, 0]) {
      await end(1, poison);
      clock.advance(pauseMs);
    }
    expect(done.get(1)).toEqual({ kind: 'skipped', error: poison, attempts: 3 });
    expect(ids()).toEqual([3, 2]);
  });

  test('is repeated at once when told so, unlike one that failed', async () => {
    const { clock, dispatcher, submit, end, ids } = byHand({ heldBackMs });
    submit(messageIn(1, 1), messageIn(2, 2));
    await end(1, held);
    await end(2, new Error('try again'));
    dispatcher.hasten();
    expect(ids()).toEqual([1]);
    clock.advance(10_000);
    expect(ids()).toEqual([1, 2]);
    dispatcher.hasten();
    expect(ids()).toEqual([1, 2]);
  });

  test('is given up with the drain', async () => {
    const { clock, dispatcher, submit, end, done } = byHand({ heldBackMs });
    submit(messageIn(1, 1));
    await end(1, held);
    const deadline = new AbortController();
    const drained = dispatcher.drain(deadline.signal);
    deadline.abort();
    await drained;
    expect(done.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a drain', () => {
  test('of an idle bot is over at once', async () => {
    await byHand().dispatcher.drain(never());
  });

  test('waits for what has begun and takes nothing new', async () => {
    const { dispatcher, submit, end, done, inHand } = byHand();
    submit(messageIn(1, 1), messageIn(1, 2));
    const drained = dispatcher.drain(never());
    submit(messageIn(2, 3));
    expect(dispatcher.open).toBe(1);
    await end(1);
    await drained;
    expect([...done.keys()]).toEqual([1]);
    expect(inHand.size).toBe(0);
  });

  test('waits for the further tries of what has begun', async () => {
    const { clock, dispatcher, submit, end, done } = byHand();
    submit(messageIn(1, 1));
    await end(1, new Error('try again'));
    const drained = dispatcher.drain(never());
    clock.advance(1_000);
    await end(1);
    await drained;
    expect(done.get(1)).toEqual({ kind: 'handled' });
  });

  test('also finishes what was submitted before something that has begun', async () => {
    const { dispatcher, submit, end, done } = byHand();
    submit(messageIn(1, 1), messageIn(1, 2), messageIn(2, 3), messageIn(1, 4));
    const drained = dispatcher.drain(never());
    await end(3);
    await end(1);
    await end(2);
    await drained;
    expect([...done.keys()]).toEqual([3, 1, 2]);
  });

  test('that is cut short aborts what is in hand and hears no more of it', async () => {
    const { clock, dispatcher, submit, end, signals, done } = byHand();
    submit(messageIn(1, 1), messageIn(2, 2));
    await end(2, new Error('try again'));
    const deadline = new AbortController();
    const drained = dispatcher.drain(deadline.signal);
    deadline.abort();
    await drained;
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(dispatcher.open).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    await end(1);
    expect(done.size).toBe(0);
  });

  test('that comes too late from the start drops everything', async () => {
    const { dispatcher, submit, done } = byHand();
    submit(messageIn(1, 1));
    await dispatcher.drain(AbortSignal.abort());
    expect(dispatcher.open).toBe(0);
    expect(done.size).toBe(0);
  });

  test('may be asked for twice', async () => {
    const { dispatcher, submit, end } = byHand();
    submit(messageIn(1, 1));
    const both = Promise.all([dispatcher.drain(never()), dispatcher.drain(never())]);
    await end(1);
    await both;
  });
});
