import { expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { OpenUpdates } from '../../../src/runtime/bot/open-updates.ts';
import { message } from '../handlers/tried-bot.ts';

const inChat = (update_id: number, id: number) => ({
  ...message({ text: 'hello', chat: { id, type: 'private', first_name: 'Ann' } }),
  update_id,
});

const limits = (abort = new AbortController()) => ({ abort, limitMs: 60_000 });

/** A try that lasts until its signal aborts. */
const endless = (signal: AbortSignal) =>
  new Promise<string>((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'));
    if (signal.aborted) resolve('aborted');
  });

test('the chat of the oldest update is given up, and no other', async () => {
  const open = new OpenUpdates(new AdjustableClock());
  for (const [id, chat] of [[1, 7] as const, [2, 8] as const, [3, 7] as const]) {
    open.add(inChat(id, chat));
  }
  const running = open.try(1, limits(), endless);
  expect(open.giveUpOldestChat()).toBe(2);
  expect(await running).toBe('aborted');
  expect(await open.try(3, limits(), endless)).toBe('aborted');
  expect([1, 2, 3].map((id) => open.givenUp(id, undefined)?.code)).toEqual([
    'CHAT_STUCK',
    undefined,
    'CHAT_STUCK',
  ]);
  open.remove(1);
  expect(open.givenUp(1, undefined)).toBeUndefined();
});

test('a try ends with its own signal', async () => {
  const stop = new AbortController();
  const running = new OpenUpdates(new AdjustableClock()).try(1, limits(stop), endless);
  stop.abort();
  expect(await running).toBe('aborted');
});

test('a try that heeds no signal is cut off at its limit all the same', async () => {
  const clock = new AdjustableClock();
  const open = new OpenUpdates(clock);
  open.add(inChat(1, 7));
  let aborted = false;
  const running = open.try(1, limits(), (signal) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return new Promise<never>(() => undefined);
  });
  clock.advance(59_999);
  expect(open.givenUp(1, undefined)).toBeUndefined();
  clock.advance(1);
  await expect(running).rejects.toThrow('60000 ms');
  expect(aborted).toBe(true);
  expect(open.givenUp(1, undefined)?.message).toContain('cut off');
  expect(clock.pendingTimers).toBe(0);
});
