import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { botFleetStatus, FLEET_REASONS, type FleetFacts } from '../../src/api/fleet-status.ts';

const EARLY = '2026-02-01T12:00:00Z';
const LATE = '2026-02-01T13:00:00Z';

const healthy: FleetFacts = {
  generation: 1,
  shards: 2,
  readyShards: 2,
  botsPerShard: 10,
  bots: 5,
  readyBots: 4,
};

function short(facts: FleetFacts): (string | undefined)[] {
  const { conditions = [] } = botFleetStatus(facts, undefined, EARLY);
  return conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`);
}

describe('the status of a fleet', () => {
  it('counts', () => {
    expect(botFleetStatus(healthy, undefined, EARLY)).toMatchObject({
      observedGeneration: 1,
      shards: 2,
      bots: 5,
      readyBots: 4,
      capacity: 20,
    });
  });

  it.each([
    [healthy, ['Ready=True/ShardsReady']],
    [
      { ...healthy, readyShards: 1 },
      ['Ready=False/ShardsStarting', 'Reconciling=True/ShardsStarting'],
    ],
    [{ ...healthy, bots: 21 }, ['Ready=True/Full']],
    [
      { ...healthy, manifestProblem: 'x' },
      ['Ready=True/ShardsReady', 'Stalled=True/ManifestInvalid'],
    ],
  ])('%# says %j', (facts, conditions) => {
    expect(short(facts)).toEqual(conditions);
  });

  it('is a fixed point: the same facts later change nothing', () => {
    const anyFacts = fc.record({
      generation: fc.nat(3),
      shards: fc.nat(3),
      readyShards: fc.nat(3),
      botsPerShard: fc.integer({ min: 1, max: 3 }),
      bots: fc.nat(9),
      readyBots: fc.nat(9),
    });
    fc.assert(
      fc.property(anyFacts, anyFacts, (before, now) => {
        const first = botFleetStatus(now, botFleetStatus(before, undefined, EARLY), EARLY);
        expect(botFleetStatus(now, structuredClone(first), LATE)).toEqual(first);
        expect(botFleetStatus(now, first, LATE)).toBe(first);
      }),
    );
  });

  it('has reasons that are all documented', () => {
    const page = readFileSync(new URL('../../docs/conditions.md', import.meta.url), 'utf8');
    for (const reason of FLEET_REASONS) expect(page).toContain(`\`${reason}\``);
  });
});
