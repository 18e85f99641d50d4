import { expect, test } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { AnswerCache } from '../../src/lib/answer-cache.ts';

function cacheOf(holdsMs: number) {
  const clock = new AdjustableClock();
  const cache = new AnswerCache<{ readonly asked: number }>({
    max: 2,
    holdsMs: () => holdsMs,
    clock,
  });
  let asked = 0;
  const get = (key: string) => cache.get(key, async () => ({ asked: ++asked }));
  return { clock, cache, get };
}

test('an answer holds for its time, and is then asked for anew', async () => {
  const { clock, get } = cacheOf(1_000);
  expect((await get('a')).asked).toBe(1);
  clock.advance(999);
  expect((await get('a')).asked).toBe(1);
  clock.advance(2);
  expect((await get('a')).asked).toBe(2);
});

test('who asks the same at the same time waits for one answer, which need not be kept', async () => {
  const { get } = cacheOf(0);
  const both = await Promise.all([get('a'), get('a'), get('b')]);
  expect(both.map(({ asked }) => asked)).toEqual([1, 1, 2]);
  expect((await get('a')).asked).toBe(3);
});

test('a failure is told to all who wait, and not kept', async () => {
  const { cache, get } = cacheOf(1_000);
  const fail = () => cache.get('a', () => Promise.reject(new Error('away')));
  const both = await Promise.allSettled([fail(), get('a')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect((await get('a')).asked).toBe(1);
});

test('what was used longest ago gives way', async () => {
  const { get } = cacheOf(1_000);
  for (const key of ['a', 'b', 'a', 'c']) await get(key);
  expect((await get('a')).asked).toBe(1);
  expect((await get('b')).asked).toBe(4);
});
