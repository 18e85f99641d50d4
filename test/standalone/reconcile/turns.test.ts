import { describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { toTimestamp } from '../../../src/lib/clock.ts';
import { EMPTY_STATE, type State } from '../../../src/standalone/data/state.ts';
import { Turns } from '../../../src/standalone/reconcile/turns.ts';

const MINUTE_MS = 60_000;

/** A fleet that may load two bots a minute and three an hour. */
const settings = {
  coldStart: { perMinute: 2, perHour: 3 },
  telegram: { apiRoot: 'http://127.0.0.1:1' },
};

function starter(uid: string) {
  return { uid, fleet: 'default', weight: 1, settings };
}

/** What a run leaves that has started the bot then, and was last saved then. */
function left(uid: string, times: { readonly startedMs: number; readonly savedMs: number }): State {
  const startedAt = toTimestamp(times.startedMs);
  const bot = {
    namespace: 'default',
    name: uid,
    uid,
    generation: 1,
    specHash: '',
    file: '',
    creationTimestamp: startedAt,
    everStarted: true,
    placement: { fleet: 'default', shard: 0, epoch: 1, since: startedAt },
    status: { phase: 'Running' as const, startedAt },
  };
  return { ...EMPTY_STATE, savedAt: toTimestamp(times.savedMs), bots: [bot] };
}

describe('turns of a standalone', () => {
  test('as many bots as the fleet allows start at once, the next a minute later', () => {
    const clock = new AdjustableClock();
    let turns = 0;
    const line = new Turns(EMPTY_STATE, { clock, onTurn: () => turns++ });
    expect(['a', 'b'].map((uid) => line.turnOf(starter(uid)))).toEqual([undefined, undefined]);
    const turnAt = line.turnOf(starter('c')) ?? '';
    expect(Date.parse(turnAt) - clock.wallMs()).toBeGreaterThanOrEqual(MINUTE_MS);
    turns = 0;
    clock.advance(MINUTE_MS);
    expect(turns).toBe(1);
    expect(line.turnOf(starter('c'))).toBeUndefined();
    line.close();
  });

  test('what the run before had at work starts at once, and what it started counts', () => {
    const clock = new AdjustableClock();
    const nowMs = clock.wallMs();
    const before = left('a', { startedMs: nowMs - 10 * MINUTE_MS, savedMs: nowMs - 5 * MINUTE_MS });
    const line = new Turns(before, { clock, onTurn: () => undefined });
    expect(['a', 'b', 'c'].map((uid) => line.turnOf(starter(uid)))).toEqual(
      Array(3).fill(undefined),
    );
    // The third of the hour was the one that the run before has started.
    expect(Date.parse(line.turnOf(starter('d')) ?? '') - nowMs).toBeGreaterThan(49 * MINUTE_MS);
    line.close();
  });

  test('who was at work an hour ago is loaded no more', () => {
    const clock = new AdjustableClock();
    const nowMs = clock.wallMs();
    const before = left('a', {
      startedMs: nowMs - 90 * MINUTE_MS,
      savedMs: nowMs - 60 * MINUTE_MS,
    });
    const line = new Turns(before, { clock, onTurn: () => undefined });
    for (const uid of ['b', 'c']) line.turnOf(starter(uid));
    expect(line.turnOf(starter('a'))).toBeDefined();
    line.close();
  });

  test('a fleet without limits lets all start', () => {
    const clock = new AdjustableClock();
    const line = new Turns(EMPTY_STATE, { clock, onTurn: () => undefined });
    const unlimited = { telegram: settings.telegram };
    for (let n = 0; n < 100; n++) {
      expect(line.turnOf({ ...starter(`bot-${n}`), settings: unlimited })).toBeUndefined();
    }
    line.close();
  });
});
