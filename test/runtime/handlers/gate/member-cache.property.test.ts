import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import { ASK_ANEW, MemberCache } from '../../../../src/runtime/handlers/gate/member-cache.ts';

const FRESH = { joinedMs: 100, absentMs: 10 };
const standing = (joined: boolean) => ({ joined, admin: false });

describe('what is known of members', () => {
  test('is what was true so long ago at most, and nobody is asked before that', async () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 60 }),
      key: fc.constantFrom('a', 'b'),
      joins: fc.option(fc.boolean(), { nil: undefined }),
      told: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const clock = new AdjustableClock();
        const cache = new MemberCache(clock, 10);
        const truth = new Map<string, boolean>();
        const known = new Map<string, { joined: boolean; atMs: number }>();
        for (const { afterMs, key, joins, told } of steps) {
          clock.advance(afterMs);
          const atMs = clock.monotonicMs();
          if (joins !== undefined) truth.set(key, joins);
          const joined = truth.get(key) ?? false;
          if (told) {
            cache.tell(key, standing(joined));
            known.set(key, { joined, atMs });
          }
          const before = known.get(key);
          const limitMs = before?.joined ? FRESH.joinedMs : FRESH.absentMs;
          const counts = before !== undefined && atMs - before.atMs < limitMs;
          let asked = false;
          const ask = async () => {
            asked = true;
            return standing(joined);
          };
          const found = await cache.lookUp(key, ask, FRESH);
          expect(asked).toBe(!counts);
          expect(found.joined).toBe(counts ? before.joined : joined);
          if (asked) known.set(key, { joined, atMs });
        }
      }),
    );
  });

  test('is asked for once by all who want to know at the same time', async () => {
    const cache = new MemberCache(new AdjustableClock(), 10);
    const answer = Promise.withResolvers<ReturnType<typeof standing>>();
    let asked = 0;
    const ask = () => {
      asked++;
      return answer.promise;
    };
    const all = Promise.all(Array.from({ length: 100 }, () => cache.lookUp('a', ask, ASK_ANEW)));
    answer.resolve(standing(true));
    expect(await all).toHaveLength(100);
    expect(asked).toBe(1);
  });

  test('is not an answer that was overtaken by news', async () => {
    const cache = new MemberCache(new AdjustableClock(), 10);
    const answer = Promise.withResolvers<ReturnType<typeof standing>>();
    const looking = cache.lookUp('a', () => answer.promise, FRESH);
    cache.tell('a', standing(false));
    answer.resolve(standing(true));
    await looking;
    const now = await cache.lookUp('a', () => expect.fail('it is known'), FRESH);
    expect(now.joined).toBe(false);
  });

  test('is not that asking failed', async () => {
    const cache = new MemberCache(new AdjustableClock(), 10);
    const failing = cache.lookUp('a', () => Promise.reject(new Error('no')), FRESH);
    await expect(failing).rejects.toThrow('no');
    expect(await cache.lookUp('a', async () => standing(true), FRESH)).toEqual(standing(true));
  });

  test('is bounded', async () => {
    const cache = new MemberCache(new AdjustableClock(), 2);
    for (const key of ['a', 'b', 'c']) cache.tell(key, standing(true));
    let asked = 0;
    const ask = async () => {
      asked++;
      return standing(true);
    };
    await cache.lookUp('c', ask, FRESH);
    expect(asked).toBe(0);
    await cache.lookUp('a', ask, FRESH);
    expect(asked).toBe(1);
  });
});
