import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentBots, type RecentMark } from '../../../src/runtime/pipeline/recent-bots.ts';

const SLOT_MS = 10_000;
const BOTS = 6;

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('note' as const),
      bot: fc.nat(BOTS - 1),
      failed: fc.boolean(),
      afterMs: fc.oneof(fc.nat(3_000), fc.nat(100_000)),
    }),
  },
  fc.constant({ kind: 'clear' } as const),
);

test('each bot of the last minute counts once, by how its last call ended', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bots = new RecentBots();
      const marks: RecentMark[] = Array.from({ length: BOTS }, () => ({
        recentSlot: undefined,
        recentlyFailed: false,
      }));
      const last = new Map<number, { readonly slot: number; readonly failed: boolean }>();
      let nowMs = 0;
      for (const step of steps) {
        if (step.kind === 'clear') {
          bots.clear();
          last.clear();
          expect(bots.counts()).toEqual({ failed: 0, all: 0 });
          continue;
        }
        const { bot, failed, afterMs } = step;
        nowMs += afterMs;
        const now = Math.floor(nowMs / SLOT_MS);
        bots.note(marks[bot] ?? expect.fail('no such bot'), failed, nowMs);
        last.set(bot, { slot: now, failed });
        const recent = [...last.values()].filter(({ slot }) => slot > now - 6);
        expect(bots.counts()).toEqual({
          failed: recent.filter((seen) => seen.failed).length,
          all: recent.length,
        });
      }
    }),
    { numRuns: 2_000 },
  );
});
