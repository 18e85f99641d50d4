import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeptFacts, laterOf, resumeOf } from '../../src/api/bot-recall.ts';
import { CLOSED_BREAKER } from '../../src/api/breaker.ts';
import { UNKNOWN_HEALTH } from '../../src/api/health.ts';

function kept(updates: number): KeptFacts {
  return {
    health: { ...UNKNOWN_HEALTH, state: 'Degraded', errorRate: 30 },
    breaker: CLOSED_BREAKER,
    restarts: 2,
    counters: { updates, handled: 0, replies: 0, errors: 0 },
  };
}

function status(updates: number) {
  return { counters: { ...kept(updates).counters, skipped: 7 }, health: UNKNOWN_HEALTH };
}

describe('what a bot goes on from', () => {
  it('is what the history knows where no status was left', () => {
    expect(resumeOf(laterOf({}, kept(5)), 1)).toMatchObject({
      counters: { updates: 5, skipped: 0 },
      health: { state: 'Degraded', errorRate: 30 },
      restarts: 2,
    });
    expect(resumeOf(laterOf({}, undefined), 1)).toBeUndefined();
  });

  it('is whichever is later, and never counts back', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), (stored, known) => {
        const resume = resumeOf(laterOf(status(stored), kept(known)), 1);
        expect(resume?.counters).toMatchObject({ updates: Math.max(stored, known), skipped: 7 });
        expect(resume?.health?.state).toBe(known > stored ? 'Degraded' : 'Healthy');
      }),
    );
  });
});
