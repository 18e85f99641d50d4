import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BotFleetStatus } from '../../src/api/bot-fleet.ts';
import type { FleetRates } from '../../src/api/fleet-rates.ts';
import {
  botFleetStatus,
  FLEET_REASONS,
  type FleetFacts,
  fleetStatusChange,
  wantsPlace,
} from '../../src/api/fleet-status.ts';
import { NO_HISTORY } from '../../src/api/history-availability.ts';

const EARLY = '2026-02-01T12:00:00Z';
const LATE = '2026-02-01T13:00:00Z';

const healthy: FleetFacts = {
  generation: 1,
  shards: 2,
  readyShards: 2,
  outdatedShards: 0,
  drainingShards: 0,
  maxShards: 3,
  botsPerShard: 10,
  bots: 6,
  wantingBots: 5,
  readyBots: 4,
  perShard: [
    { shard: 0, ready: true, bots: 3 },
    { shard: 1, ready: true, bots: 2 },
  ],
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
      readyShards: 2,
      bots: 6,
      readyBots: 4,
      capacity: 20,
    });
  });

  it.each<[FleetFacts, string[]]>([
    [healthy, ['Ready=True/ShardsReady']],
    [
      { ...healthy, readyShards: 1 },
      ['Ready=False/ShardsStarting', 'Reconciling=True/ShardsStarting'],
    ],
    [
      {
        ...healthy,
        shards: 0,
        readyShards: 0,
        problem: { reason: 'ManifestInvalid', message: 'x' },
      },
      ['Ready=False/ManifestInvalid', 'Stalled=True/ManifestInvalid'],
    ],
    [
      { ...healthy, outdatedShards: 1 },
      ['Ready=True/ShardsReady', 'Reconciling=True/ShardsUpdating'],
    ],
    [
      { ...healthy, drainingShards: 1 },
      ['Ready=True/ShardsReady', 'Reconciling=True/ShardsDraining'],
    ],
    [{ ...healthy, wantingBots: 30 }, ['Ready=True/ShardsReady']],
    [{ ...healthy, wantingBots: 31 }, ['Ready=True/Full']],
    [
      { ...healthy, problem: { reason: 'ManifestInvalid', message: 'x' } },
      ['Ready=True/ShardsReady', 'Stalled=True/ManifestInvalid'],
    ],
    [
      { ...healthy, problem: { reason: 'ApplyFailed', message: 'x' }, outdatedShards: 1 },
      ['Ready=True/ShardsReady', 'Stalled=True/ApplyFailed'],
    ],
    [
      { ...healthy, readyShards: 0, problem: { reason: 'ApplyFailed', message: 'x' } },
      ['Ready=False/ApplyFailed', 'Stalled=True/ApplyFailed'],
    ],
    [
      { ...healthy, history: NO_HISTORY },
      ['Ready=True/ShardsReady', 'HistoryAvailable=False/NotConfigured'],
    ],
    [
      { ...healthy, history: { reason: 'Kept', message: 'x' } },
      ['Ready=True/ShardsReady', 'HistoryAvailable=True/Kept'],
    ],
  ])('%# says %j', (facts, conditions) => {
    expect(short(facts)).toEqual(conditions);
  });

  it('tells what keeps a shard from its work', () => {
    const facts = { ...healthy, readyShards: 1, trouble: 'Shard 1: ImagePullBackOff.' };
    expect(botFleetStatus(facts, undefined, EARLY).conditions?.[0]?.message).toBe(
      '1 of 2 shards are at work; the others are starting. Shard 1: ImagePullBackOff.',
    );
  });

  it('is a fixed point: the same facts later change nothing', () => {
    const anyFacts = fc.record({
      generation: fc.nat(3),
      shards: fc.nat(3),
      readyShards: fc.nat(3),
      outdatedShards: fc.nat(3),
      drainingShards: fc.nat(3),
      maxShards: fc.integer({ min: 1, max: 3 }),
      botsPerShard: fc.integer({ min: 1, max: 3 }),
      bots: fc.nat(9),
      wantingBots: fc.nat(9),
      readyBots: fc.nat(9),
      perShard: fc.constantFrom(healthy.perShard, []),
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

describe('a bot wants a place', () => {
  const placed = (status: 'True' | 'False', reason: string) => ({
    observedGeneration: 2,
    conditions: [
      { type: 'Placed', status, reason, message: '', lastTransitionTime: EARLY } as const,
    ],
  });
  const bot = { metadata: { generation: 2 }, spec: { suspended: false } };

  it.each([
    ['that nothing is known of', bot],
    ['that has one', { ...bot, status: placed('True', 'Placed') }],
    ['that waits for one', { ...bot, status: placed('False', 'NotPlaced') }],
    ['that got none', { ...bot, status: placed('False', 'NoCapacity') }],
    [
      'whose newest spec nobody has looked at',
      { ...bot, metadata: { generation: 3 }, status: placed('False', 'Missing') },
    ],
  ])('%s', (_, wanting) => {
    expect(wantsPlace(wanting)).toBe(true);
  });

  it.each([
    ['suspended', { ...bot, spec: { suspended: true } }],
    ['going', { metadata: { generation: 2, deletionTimestamp: EARLY }, spec: bot.spec }],
    ['without a token', { ...bot, status: placed('False', 'Missing') }],
    ['refused', { ...bot, status: placed('False', 'NamespaceNotAllowed') }],
  ])('but not one that is %s', (_, idle) => {
    expect(wantsPlace(idle)).toBe(false);
  });
});

describe('the rates of a fleet', () => {
  const told = (rates: FleetRates, previous?: BotFleetStatus): BotFleetStatus =>
    botFleetStatus({ ...healthy, rates }, previous, EARLY);
  const before = told({ perSecond: 300, granted: 300 });

  it('are told', () => {
    expect(before.rates).toEqual({ perSecond: 300, granted: 300 });
    expect(botFleetStatus(healthy, before, LATE)).not.toHaveProperty('rates');
  });

  it('are written when they differ much, which may wait a moment', () => {
    expect(told({ perSecond: 300, granted: 275 }, before)).toBe(before);
    const others: FleetRates[] = [
      { perSecond: 300, granted: 150 },
      { perSecond: 310, granted: 300 },
      { perSecond: 300, granted: 300, methods: { sendMessage: { perSecond: 9, granted: 9 } } },
      { methods: { sendMessage: { perSecond: 300, granted: 300 } } },
    ];
    for (const rates of others) {
      const after = told(rates, before);
      expect(after.rates).toEqual(rates);
      expect(fleetStatusChange(before, after)).toBe('Activity');
    }
  });

  it('of single shards are written when they differ much', () => {
    const whole = { perSecond: 300, granted: 300, used: 100 };
    const shares = (granted: number, used: number, methods = {}): FleetRates => ({
      ...whole,
      shards: [
        { shard: 0, granted, used },
        { shard: 1, granted: 8, used: 0, methods },
      ],
    });
    const start = told(shares(100, 40));
    expect(start.rates).toEqual(shares(100, 40));
    for (const close of [shares(80, 40), shares(125, 50), shares(100, 60)]) {
      expect(told(close, start)).toBe(start);
    }
    for (const other of [
      shares(60, 40),
      shares(100, 80),
      shares(100, 40, { sendMessage: { granted: 1, used: 0 } }),
      { ...whole, shards: [{ shard: 0, granted: 100, used: 40 }] },
      whole,
      { ...shares(100, 40), used: 200 },
    ]) {
      const after = told(other, start);
      expect(after.rates).toEqual(other);
      expect(fleetStatusChange(start, after)).toBe('Activity');
    }
  });

  it('are the same in any order of methods', () => {
    const [a, b] = [
      { perSecond: 1, granted: 1 },
      { perSecond: 2, granted: 2 },
    ];
    const one = told({ methods: { sendMessage: a, sendPhoto: b } });
    expect(told({ methods: { sendPhoto: b, sendMessage: a } }, one)).toBe(one);
  });
});
