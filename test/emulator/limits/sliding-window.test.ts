import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingWindow } from '../../../src/emulator/limits/sliding-window.ts';
import { TokenBucket } from '../../../src/emulator/limits/token-bucket.ts';

/** Whether one more event at `nowMs` would be more than `limit` in the last `windowMs`. */
function isFull(
  eventsMs: readonly number[],
  { limit, windowMs, nowMs }: { limit: number; windowMs: number; nowMs: number },
): boolean {
  return eventsMs.filter((atMs) => atMs > nowMs - windowMs).length >= limit;
}

const pauses = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 200 });
const limits = fc.integer({ min: 1, max: 6 });
const windows = fc.integer({ min: 1, max: 100 });

describe('SlidingWindow', () => {
  it('lets pass exactly what a count of all events lets pass, and says how long to wait', () => {
    fc.assert(
      fc.property(limits, windows, pauses, (limit, windowMs, pausesMs) => {
        const window = new SlidingWindow(limit, windowMs);
        const eventsMs: number[] = [];
        let nowMs = 0;
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          let freeAtMs = nowMs;
          while (isFull(eventsMs, { limit, windowMs, nowMs: freeAtMs })) freeAtMs++;
          expect(window.waitMs(nowMs)).toBe(freeAtMs - nowMs);
          if (freeAtMs > nowMs) continue;
          window.add(nowMs);
          eventsMs.push(nowMs);
        }
      }),
    );
  });
});

describe('TokenBucket', () => {
  it('never lets more pass in any stretch than the burst and the average allow', () => {
    fc.assert(
      fc.property(
        limits,
        fc.integer({ min: 1, max: 200 }),
        pauses,
        (burst, perSecond, pausesMs) => {
          const bucket = new TokenBucket(perSecond, burst);
          const eventsMs: number[] = [];
          let nowMs = 0;
          for (const pauseMs of pausesMs) {
            nowMs += pauseMs;
            if (bucket.waitMs(nowMs) > 0) continue;
            bucket.add(nowMs);
            eventsMs.push(nowMs);
          }
          for (const [from, fromMs] of eventsMs.entries()) {
            for (const [later, toMs] of eventsMs.slice(from).entries()) {
              const allowed = burst + ((toMs - fromMs) * perSecond) / 1_000;
              expect(later + 1).toBeLessThanOrEqual(allowed + 1e-6);
            }
          }
        },
      ),
    );
  });

  it('lets pass whoever waits as long as it says', () => {
    const bucket = new TokenBucket(4, 2);
    let nowMs = 0;
    for (let count = 0; count < 10; count++) {
      nowMs += bucket.waitMs(nowMs);
      expect(bucket.waitMs(nowMs)).toBe(0);
      bucket.add(nowMs);
    }
    expect(nowMs).toBeCloseTo(2_000);
  });
});
