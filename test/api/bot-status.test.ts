import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recallRuntime, resumeOf } from '../../src/api/bot-recall.ts';
import { phaseOf, statusChange, tenantBotStatus } from '../../src/api/bot-status.ts';
import { tenantBotStatusSchema } from '../../src/api/tenant-bot-status.ts';
import { anyBotFacts, botFacts, runtimeFacts, without } from './bot-facts-builder.ts';

const EARLY = '2026-02-01T12:00:00Z';
const LATE = '2026-02-01T13:00:00Z';

describe('the status of a bot', () => {
  it('is a fixed point: the same facts later change nothing', () => {
    fc.assert(
      fc.property(anyBotFacts, anyBotFacts, (before, now) => {
        const first = tenantBotStatus(now, tenantBotStatus(before, undefined, EARLY), EARLY);
        expect(tenantBotStatus(now, first, LATE)).toBe(first);
        // A status that was stored and read back is as good.
        const stored = structuredClone(first);
        expect(tenantBotStatus(now, stored, LATE)).toBe(stored);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps its own schema, whatever the facts', () => {
    fc.assert(
      fc.property(anyBotFacts, (facts) => {
        const status = tenantBotStatus(facts, undefined, EARLY);
        expect(tenantBotStatusSchema.parse(status)).toEqual(status);
      }),
    );
  });

  it('keeps the time of a transition while the status of a condition stays the same', () => {
    const first = tenantBotStatus(botFacts(), undefined, EARLY);
    const next = tenantBotStatus(runtimeFacts({ lifecycle: 'Restarting' }), first, LATE);
    const times = next.conditions?.map(({ type, lastTransitionTime }) => [
      type,
      lastTransitionTime,
    ]);
    expect(Object.fromEntries(times ?? [])).toEqual({
      Ready: LATE,
      TokenValid: EARLY,
      Placed: EARLY,
      Reconciling: LATE,
    });
  });

  it('forgets who the bot was as soon as the token is that of another bot', () => {
    const before = tenantBotStatus(botFacts(), undefined, EARLY);
    expect(before.bot?.id).toBe(7);
    const other = botFacts({ token: { kind: 'found', botId: 8, trimmed: false } });
    expect(tenantBotStatus(other, before, LATE).bot).toBeUndefined();
    const gone = without(botFacts(), 'runtime');
    expect(tenantBotStatus(gone, before, LATE).bot?.id).toBe(7);
  });

  it('keeps who has proved to own the bot, for the same bot and while that is asked for', () => {
    const ownership = { verifiedBy: 9, verifiedAt: EARLY };
    const before = tenantBotStatus(runtimeFacts({ ownership }), undefined, EARLY);
    expect(before.ownership).toEqual(ownership);
    expect(resumeOf(before, 7)?.ownership).toEqual(ownership);
    expect(resumeOf(before, 8)?.ownership).toBeUndefined();
    const gone = without(botFacts(), 'runtime');
    expect(tenantBotStatus(gone, before, LATE).ownership).toEqual(ownership);
    expect(tenantBotStatus(botFacts(), before, LATE).ownership).toBeUndefined();
    const other = botFacts({ token: { kind: 'found', botId: 8, trimmed: false } });
    expect(tenantBotStatus(without(other, 'runtime'), before, LATE).ownership).toBeUndefined();
  });

  it('keeps a conflict that has ended as False, with the time when it ended', () => {
    const during = tenantBotStatus(
      runtimeFacts({ conflict: { since: EARLY, message: 'Stop it.' } }),
      undefined,
      EARLY,
    );
    const after = tenantBotStatus(botFacts(), during, LATE);
    expect(after.conditions).toContainEqual(
      expect.objectContaining({ type: 'Conflict', status: 'False', lastTransitionTime: LATE }),
    );
    const never = tenantBotStatus(botFacts(), undefined, LATE);
    expect(never.conditions?.some(({ type }) => type === 'Conflict')).toBe(false);
  });

  it('remembers who the bot is and what it did while no runtime tells', () => {
    const first = tenantBotStatus(botFacts(), undefined, EARLY);
    const gone = without(botFacts({ suspended: true }), 'runtime', 'placement');
    const { bot, counters, token, placement, phase } = tenantBotStatus(gone, first, LATE);
    expect({ bot, counters }).toEqual({ bot: first.bot, counters: first.counters });
    expect({ token, placement, phase }).toEqual({ phase: 'Suspended' });
  });

  it('tells what a runtime must have told: taking over changes nothing', () => {
    fc.assert(
      fc.property(anyBotFacts, (facts) => {
        fc.pre(facts.token.kind !== 'found' || facts.token.botId === 7);
        const first = tenantBotStatus(facts, undefined, EARLY);
        const runtime = recallRuntime(first);
        fc.pre(runtime !== undefined && facts.runtime !== undefined);
        expect(tenantBotStatus({ ...facts, runtime }, first, LATE)).toEqual(first);
      }),
      { numRuns: 1000 },
    );
  });

  it('shows a token that was not found or can be none', () => {
    const missing = botFacts({ token: { kind: 'missing', message: 'No Secret.' } });
    expect(tenantBotStatus(missing, undefined, EARLY).token).toEqual({
      state: 'Missing',
      message: 'No Secret.',
    });
    const invalid = botFacts({ token: { kind: 'invalid', message: 'No colon.' } });
    expect(tenantBotStatus(invalid, undefined, EARLY).token?.state).toBe('InvalidFormat');
  });
});

describe('the phase', () => {
  it.each([
    ['Running', botFacts()],
    ['Crashed', runtimeFacts({ lifecycle: 'Crashed' })],
    ['Pending', without(botFacts(), 'runtime')],
    ['Stopping', botFacts({ suspended: true })],
    ['Suspended', { ...runtimeFacts({ lifecycle: 'Stopped' }), suspended: true }],
    ['Suspended', without(botFacts({ suspended: true }), 'runtime')],
  ])('is %s: %#', (phase, facts) => {
    expect(phaseOf(facts)).toBe(phase);
  });
});

describe('a change of status', () => {
  const status = tenantBotStatus(botFacts(), undefined, EARLY);
  const change = (facts: Parameters<typeof runtimeFacts>[0]) =>
    statusChange(status, tenantBotStatus(runtimeFacts(facts), status, LATE));

  it('is none where nothing has changed', () => {
    expect(change({})).toBe('None');
  });

  it('is activity where only traffic went on', () => {
    const counters = { updates: 9, handled: 9, skipped: 0, replies: 9, errors: 0 };
    expect(change({ counters, updates: { mode: 'Polling', lastUpdateAt: LATE } })).toBe('Activity');
    expect(change({ token: { state: 'Valid', lastChecked: LATE, message: '' } })).toBe('Activity');
  });

  it('is a transition for all else', () => {
    expect(statusChange(undefined, status)).toBe('Transition');
    expect(change({ restarts: 1 })).toBe('Transition');
    expect(change({ lifecycle: 'Crashed' })).toBe('Transition');
    expect(change({ generation: 2 })).toBe('Transition');
    const lastError = { time: LATE, fingerprint: 'f', message: 'x' };
    expect(change({ lastError })).toBe('Transition');
  });
});
