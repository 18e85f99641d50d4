import { expect, test } from 'vitest';
import { OpenUpdates } from '../../../src/runtime/bot/open-updates.ts';
import { message } from '../handlers/tried-bot.ts';

const inChat = (update_id: number, id: number) => ({
  ...message({ text: 'hello', chat: { id, type: 'private', first_name: 'Ann' } }),
  update_id,
});

/** A try that lasts until its signal aborts. */
const endless = (signal: AbortSignal) =>
  new Promise<string>((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'));
    if (signal.aborted) resolve('aborted');
  });

test('the chat of the oldest update is given up, and no other', async () => {
  const open = new OpenUpdates();
  for (const [id, chat] of [[1, 7] as const, [2, 8] as const, [3, 7] as const]) {
    open.add(inChat(id, chat));
  }
  const { signal } = new AbortController();
  const running = open.try(1, signal, endless);
  expect(open.giveUpOldestChat()).toBe(2);
  expect(await running).toBe('aborted');
  expect(await open.try(3, signal, endless)).toBe('aborted');
  expect([1, 2, 3].map((id) => open.isGivenUp(id))).toEqual([true, false, true]);
  open.remove(1);
  expect(open.isGivenUp(1)).toBe(false);
});

test('a try ends with the signal that it is given', async () => {
  const stop = new AbortController();
  const running = new OpenUpdates().try(1, stop.signal, endless);
  stop.abort();
  expect(await running).toBe('aborted');
});
