import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalJitterMs, fullJitterMs } from '../../src/lib/backoff.ts';
import { randomToken, seededRandom } from '../../src/lib/random.ts';

describe('seededRandom', () => {
  it('gives the same numbers for the same seed, others for another', () => {
    const draw = (seed: number) => Array.from({ length: 20 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('is spread evenly over [0, 1)', () => {
    const random = seededRandom(7);
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let turn = 0; turn < 10_000; turn++) {
      const bucket = Math.floor(random() * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(buckets).toHaveLength(10);
    for (const count of buckets) expect(count).toBeGreaterThan(850);
  });
});

describe('randomToken', () => {
  it('is base64url, as long as asked, and never the same', () => {
    expect(randomToken(32)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(randomToken()).not.toBe(randomToken());
  });
});

describe('backoff', () => {
  const policies = fc.record({
    initialMs: fc.integer({ min: 1, max: 10_000 }),
    maxMs: fc.integer({ min: 1, max: 100_000 }),
  });

  it('stays between nothing and the exponential ceiling, which never exceeds the cap', () => {
    fc.assert(
      fc.property(policies, fc.nat(2000), fc.integer(), (policy, attempt, seed) => {
        const ceiling = Math.min(policy.maxMs, policy.initialMs * 2 ** attempt);
        const full = fullJitterMs(policy, attempt, seededRandom(seed));
        const equal = equalJitterMs(policy, attempt, seededRandom(seed));
        expect(full).toBeGreaterThanOrEqual(0);
        expect(full).toBeLessThanOrEqual(ceiling);
        expect(equal).toBeGreaterThanOrEqual(ceiling / 2);
        expect(equal).toBeLessThanOrEqual(ceiling);
      }),
    );
  });

  it('uses the whole range', () => {
    const policy = { initialMs: 100, maxMs: 1000, factor: 3 };
    expect(fullJitterMs(policy, 1, () => 0)).toBe(0);
    expect(fullJitterMs(policy, 1, () => 0.5)).toBe(150);
    expect(fullJitterMs(policy, 9, () => 1)).toBe(1000);
  });
});
