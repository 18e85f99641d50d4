import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Candidate,
  decide,
  type Seat,
  type World,
} from '../../../src/standalone/reconcile/decide.ts';

function candidate(name: string, changes: Partial<Candidate> = {}): Candidate {
  return {
    uid: name,
    key: `default/${name}`,
    fleet: 'default',
    createdAt: '2026-01-01T00:00:00Z',
    suspended: false,
    refusal: undefined,
    botId: name.charCodeAt(0),
    signable: true,
    ...changes,
  };
}

function verdicts(world: Partial<World>): Record<string, unknown> {
  const all = { candidates: [], capacities: new Map([['default', 10]]), seats: [], ...world };
  return Object.fromEntries(Array.from(decide(all), ([uid, { kind }]) => [uid, kind]));
}

describe('decide', () => {
  test('says what keeps a bot from running, the tenant’s own wish first', () => {
    const candidates = [
      candidate('a', { suspended: true, botId: undefined }),
      candidate('b', { botId: undefined, fleet: 'gone' }),
      candidate('c', { signable: false }),
      candidate('d', { fleet: 'gone' }),
      candidate('e'),
    ];
    expect(verdicts({ candidates })).toEqual({
      a: 'suspended',
      b: 'no-token',
      c: 'no-signing-key',
      d: 'no-fleet',
      e: 'run',
    });
  });

  test('of two bots with one token the older runs, and by name where they are twins', () => {
    const older = candidate('z', { botId: 1 });
    const younger = candidate('a', { botId: 1, createdAt: '2026-01-02T00:00:00Z' });
    expect(verdicts({ candidates: [younger, older] })).toEqual({ z: 'run', a: 'duplicate' });
    const twin = { ...younger, createdAt: older.createdAt };
    expect(verdicts({ candidates: [older, twin] })).toEqual({ a: 'run', z: 'duplicate' });
  });

  test('a bot that can not run does not stand in the way of its twin', () => {
    const older = candidate('a', { botId: 1, suspended: true });
    expect(verdicts({ candidates: [older, candidate('b', { botId: 1 })] })).toMatchObject({
      b: 'run',
    });
  });

  test('who has a seat keeps it when an older bot comes to a full fleet', () => {
    const seats = [{ uid: 'b', fleet: 'default', botId: 98, leaving: false }];
    const candidates = [candidate('a'), candidate('b', { createdAt: '2026-02-01T00:00:00Z' })];
    const capacities = new Map([['default', 1]]);
    expect(verdicts({ candidates, capacities, seats })).toEqual({ a: 'no-room', b: 'run' });
  });

  test('a bot waits for its own former seat, and for whoever held its token', () => {
    const moved = { uid: 'a', fleet: 'other', botId: 97, leaving: true };
    const gone = { uid: 'x', fleet: 'default', botId: 98, leaving: true };
    const candidates = [candidate('a'), candidate('b'), candidate('c')];
    expect(verdicts({ candidates, seats: [moved, gone] })).toEqual({
      a: 'wait',
      b: 'wait',
      c: 'run',
    });
  });

  const candidates = fc
    .array(
      fc.record({
        fleet: fc.constantFrom('default', 'other', 'gone'),
        suspended: fc.boolean(),
        botId: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
        signable: fc.boolean(),
        createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
      }),
      { maxLength: 8 },
    )
    .map((all) => all.map((fields, index) => candidate(String.fromCharCode(97 + index), fields)));
  const capacities = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })).map(
    ([a, b]) =>
      new Map([
        ['default', a],
        ['other', b],
      ]),
  );

  test('however the world changes, no bot has two owners and no fleet is overfull', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(candidates, capacities, fc.boolean())), (steps) => {
        let seats: Seat[] = [];
        for (const [wanted, room, release] of steps) {
          seats = step({ candidates: wanted, capacities: room, seats });
          const owners = seats.map(({ botId }) => botId);
          expect(new Set(owners).size).toBe(owners.length);
          for (const [fleet, capacity] of room) {
            const taken = seats.filter((seat) => seat.fleet === fleet && !seat.leaving);
            expect(taken.length).toBeLessThanOrEqual(capacity);
          }
          if (release) seats = seats.filter(({ leaving }) => !leaving);
        }
      }),
    );
  });

  test('once all who leave are gone, as many run as a brute-force count says', () => {
    fc.assert(
      fc.property(candidates, capacities, (wanted, room) => {
        const world = { candidates: wanted, capacities: room, seats: [] };
        const running = [...decide(world).values()].filter(({ kind }) => kind === 'run');
        expect(running.length).toBe(bruteForceCount(wanted, room));
      }),
    );
  });
});

/** What the reconciler does with verdicts. */
function step(world: World): Seat[] {
  const decided = decide(world);
  const kept = world.seats.map((seat) => ({
    ...seat,
    leaving: decided.get(seat.uid)?.kind !== 'run',
  }));
  const taken = world.candidates.flatMap(({ uid, fleet }): Seat[] => {
    const verdict = decided.get(uid);
    const seated = kept.some((seat) => seat.uid === uid);
    if (verdict?.kind !== 'run' || seated) return [];
    return [{ uid, fleet, botId: verdict.botId, leaving: false }];
  });
  return [...kept, ...taken];
}

function bruteForceCount(
  wanted: readonly Candidate[],
  capacities: ReadonlyMap<string, number>,
): number {
  const able = wanted.filter(
    ({ suspended, botId, signable, fleet }) =>
      !suspended && botId !== undefined && signable && capacities.has(fleet),
  );
  let count = 0;
  for (const [fleet, capacity] of capacities) {
    const owners = able.filter(
      (bot) =>
        bot.fleet === fleet &&
        able.every(
          (other) =>
            other === bot ||
            other.botId !== bot.botId ||
            `${bot.createdAt} ${bot.key}` < `${other.createdAt} ${other.key}`,
        ),
    );
    count += Math.min(capacity, owners.length);
  }
  return count;
}
