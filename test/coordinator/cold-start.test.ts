import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColdStartQueue } from '../../src/coordinator/cold-start/cold-start-queue.ts';
import { ColdStarts } from '../../src/coordinator/cold-start/cold-starts.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The most in any stretch of `windowMs`, its end excluded. */
function most(startsMs: readonly number[], windowMs: number): number {
  return Math.max(
    0,
    ...startsMs.map(
      (fromMs) => startsMs.filter((ms) => ms >= fromMs && ms < fromMs + windowMs).length,
    ),
  );
}

const limits = fc.record({
  perMinute: fc.integer({ min: 1, max: 5 }),
  perHour: fc.integer({ min: 1, max: 12 }),
});

/** Bots that come, with the time since the one before. */
const comings = fc.array(fc.integer({ min: 0, max: 20 * MINUTE_MS }), { maxLength: 25 });

describe('a line of cold bots', () => {
  it('never starts more in a minute or an hour, also when leaders change, and wastes no time', () => {
    fc.assert(
      fc.property(limits, comings, fc.nat(5), (limits, comings, every) => {
        let queue = new ColdStartQueue(limits);
        const startsMs: number[] = [];
        let nowMs = 0;
        const waiting = new Set<string>();
        const runUntil = (untilMs: number): void => {
          for (;;) {
            const nextMs = queue.nextMs(nowMs);
            if (nextMs === undefined || nextMs > untilMs) break;
            nowMs = Math.max(nowMs, nextMs);
            // As early as the limits let it.
            const allowedMs = earliest(startsMs, limits);
            expect(nowMs <= allowedMs || nowMs === lastComingMs).toBe(true);
            for (const uid of queue.admit(nowMs)) {
              startsMs.push(nowMs);
              waiting.delete(uid);
            }
          }
          nowMs = Math.max(nowMs, untilMs);
        };
        let lastComingMs = 0;
        for (const [index, afterMs] of comings.entries()) {
          runUntil(nowMs + afterMs);
          lastComingMs = nowMs;
          waiting.add(`bot-${index}`);
          queue.enter({ uid: `bot-${index}`, weight: 1 }, nowMs);
          if (every > 0 && index % every === every - 1) {
            const next = new ColdStartQueue(limits);
            next.restore(startsMs, nowMs);
            for (const uid of waiting) next.enter({ uid, weight: 1 }, nowMs);
            queue = next;
          }
        }
        runUntil(nowMs + 30 * HOUR_MS);
        expect(startsMs).toHaveLength(comings.length);
        expect(most(startsMs, MINUTE_MS)).toBeLessThanOrEqual(limits.perMinute);
        expect(most(startsMs, HOUR_MS)).toBeLessThanOrEqual(limits.perHour);
      }),
      { numRuns: 300 },
    );
  });

  it('goes by time waited and weight', () => {
    const queue = new ColdStartQueue({ perMinute: 1, perHour: 100 });
    queue.enter({ uid: 'old', weight: 1 }, 0);
    queue.enter({ uid: 'heavy', weight: 10 }, 50_000);
    queue.enter({ uid: 'light', weight: 1 }, 50_000);
    const turns = (nowMs: number): number[] =>
      ['old', 'heavy', 'light'].map((uid) => {
        const weight = uid === 'heavy' ? 10 : 1;
        return (queue.enter({ uid, weight }, nowMs) - nowMs) / MINUTE_MS;
      });
    expect(turns(55_000)).toEqual([0, 1, 2]);
    expect(turns(56_000)).toEqual([1, 0, 2]);
    expect(queue.admit(56_000)).toEqual(['heavy']);
  });

  it('keeps the place of who comes again, and forgets who leaves', () => {
    const queue = new ColdStartQueue({ perMinute: 1, perHour: 100 });
    queue.enter({ uid: 'a', weight: 1 }, 0);
    queue.enter({ uid: 'b', weight: 1 }, 10);
    queue.enter({ uid: 'a', weight: 1 }, 20);
    expect(queue.admit(30)).toEqual(['a']);
    queue.leave('b');
    expect(queue.admit(10 * HOUR_MS)).toEqual([]);
    expect(queue.nextMs(10 * HOUR_MS)).toBeUndefined();
  });

  it('goes by other limits at once, and what was started counts', () => {
    const queue = new ColdStartQueue({ perMinute: 2, perHour: 100 });
    for (let n = 0; n < 9; n++) queue.enter({ uid: `bot-${n}`, weight: 1 }, 0);
    expect(queue.admit(0)).toHaveLength(2);
    queue.setLimits({ perMinute: 5, perHour: 100 });
    expect(queue.admit(1)).toHaveLength(3);
    queue.setLimits({ perMinute: 1, perHour: 100 });
    expect(queue.nextMs(2)).toBe(1 + MINUTE_MS);
  });
});

const limitsOf = { perMinute: 1, perHour: 100 };

/** A line and the turns that it tells of. */
function makeStarts() {
  const clock = new AdjustableClock();
  const turns: string[] = [];
  const starts = new ColdStarts({ clock, onTurn: (uid) => turns.push(uid) });
  const ask = (uid: string, limits: typeof limitsOf | undefined = limitsOf) =>
    starts.turnOf({ uid, fleet: 'default', weight: 1, limits });
  return { clock, turns, starts, ask };
}

describe('bots that want to start', () => {
  it('do so in turn, and are told when it has come', () => {
    const { clock, turns, ask } = makeStarts();
    expect(ask('a')).toBeUndefined();
    const nowMs = clock.monotonicMs();
    expect([ask('b'), ask('c')]).toEqual([nowMs + MINUTE_MS, nowMs + 2 * MINUTE_MS]);
    turns.length = 0;
    clock.advance(MINUTE_MS);
    expect(turns).toEqual(['b']);
    expect(ask('b')).toBeUndefined();
    expect(ask('c')).toBe(nowMs + 2 * MINUTE_MS);
  });

  it('do so at once where there are no limits, or Telegram has heard of them lately', () => {
    const { clock, starts, ask } = makeStarts();
    ask('first');
    expect(
      starts.turnOf({ uid: 'x', fleet: 'free', weight: 1, limits: undefined }),
    ).toBeUndefined();
    starts.keepLoaded('b');
    clock.advance(29 * MINUTE_MS);
    ask('second');
    expect(ask('b')).toBeUndefined();
    clock.advance(MINUTE_MS);
    ask('third');
    expect(ask('b')).toBeGreaterThan(clock.monotonicMs());
  });

  it('give up their place when they do not want to any more', () => {
    const { clock, turns, starts, ask } = makeStarts();
    ask('a');
    ask('b');
    ask('c');
    starts.leave('b');
    turns.length = 0;
    clock.advance(MINUTE_MS);
    expect(turns).toEqual(['c']);
  });

  it('wait for what the leader before has started, too', () => {
    const { clock, starts, ask } = makeStarts();
    starts.restore('default', limitsOf, [30_000, 90_000]);
    expect(ask('a')).toBe(clock.monotonicMs() + 30_000);
  });
});

/** When the next start may be made after these, by definition. */
function earliest(
  startsMs: readonly number[],
  { perMinute, perHour }: { readonly perMinute: number; readonly perHour: number },
): number {
  const ofMinute = startsMs.at(-perMinute) ?? -Infinity;
  const ofHour = startsMs.at(-perHour) ?? -Infinity;
  return Math.max(ofMinute + MINUTE_MS, ofHour + HOUR_MS);
}
