import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Placement } from '../../../src/api/tenant-bot-status.ts';
import type { ShardId } from '../../../src/control/shard-id.ts';
import { decide, type Situation, type Wish } from '../../../src/controller/bot/decide.ts';
import type { FleetRoom } from '../../../src/planner/place.ts';

const NOW = '2026-02-01T12:00:00Z';
const RUN: Wish = { kind: 'run', fleet: 'default', botId: 7 };
const HERE: Placement = { fleet: 'default', shard: 1, epoch: 3, since: NOW, botId: 7 };
const { botId: _, ...KEPT } = HERE;
const LATE: Placement = { ...HERE, shard: 0, epoch: 5 };
const THERE: ShardId = { fleet: 'default', ordinal: 0 };
const ROOM: FleetRoom = {
  sharding: { botsPerShard: 2, minShards: 2, maxShards: 2 },
  shards: 2,
  bots: 1,
  use: new Map(),
  lost: new Set(),
};

function situation(change: Partial<Situation> = {}): Situation {
  const base: Situation = {
    wish: RUN,
    placement: HERE,
    hosting: 'handed',
    claim: { kind: 'free' },
    room: ROOM,
    target: undefined,
    now: NOW,
  };
  return { ...base, ...change };
}

const at = (change: Partial<Placement>): Placement => ({ ...HERE, ...change });

describe('what becomes of a bot', () => {
  it.each<[string, Partial<Situation>, object]>([
    ['runs where it is', {}, { kind: 'run', placement: HERE }],
    ['is taken over', { hosting: 'possible' }, { kind: 'run', placement: HERE }],
    ['comes back before it was gone', { hosting: 'leaving' }, { kind: 'run', placement: HERE }],
    [
      'gets its first place',
      { placement: undefined, hosting: 'none' },
      { kind: 'run', placement: at({ shard: 0, epoch: 1 }) },
    ],
    [
      'comes back to its place, which is another one in time',
      { placement: KEPT, hosting: 'none' },
      { kind: 'run', placement: at({ epoch: 4 }) },
    ],
    [
      'is handed out where that was decided before',
      { hosting: 'none' },
      { kind: 'run', placement: HERE },
    ],
    ['leaves its fleet first', { placement: at({ fleet: 'old' }) }, { kind: 'release' }],
    ['ends as one bot before it is another', { placement: at({ botId: 8 }) }, { kind: 'release' }],
    [
      'then goes to the other fleet',
      { placement: { ...KEPT, fleet: 'old' }, hosting: 'none' },
      { kind: 'run', placement: at({ shard: 0, epoch: 4 }) },
    ],
    [
      'goes on where its last owner has ended',
      { placement: KEPT, hosting: 'none', offset: 18 },
      { kind: 'run', placement: at({ epoch: 4, offset: 18 }) },
    ],
    [
      'goes elsewhere when its shard is lost',
      { hosting: 'lost', room: { ...ROOM, lost: new Set([1]) } },
      { kind: 'run', placement: at({ shard: 0, epoch: 4 }) },
    ],
    [
      'waits for its lost shard where there is no room elsewhere',
      {
        hosting: 'lost',
        room: { ...ROOM, lost: new Set([0, 1]) },
      },
      { kind: 'keep' },
    ],
    [
      'is not waited for on a lost shard to end',
      { wish: { kind: 'end' }, hosting: 'lost' },
      { kind: 'finish' },
    ],
    [
      'stays lost while nobody knows',
      { wish: { kind: 'unknown' }, hosting: 'lost' },
      { kind: 'keep' },
    ],
    ['leaves for its target', { target: THERE }, { kind: 'release' }],
    [
      'stays where that is its target',
      { target: { ...THERE, ordinal: 1 } },
      { kind: 'run', placement: HERE },
    ],
    [
      'stays where its target is of a fleet that it no longer names',
      { target: { ...THERE, fleet: 'old' } },
      { kind: 'run', placement: HERE },
    ],
    [
      'goes to its target, whatever else is free',
      { placement: KEPT, hosting: 'none', target: { ...THERE, ordinal: 5 } },
      { kind: 'run', placement: at({ shard: 5, epoch: 4 }) },
    ],
    [
      'goes to its target where another place was decided before',
      { hosting: 'none', target: THERE },
      { kind: 'run', placement: at({ shard: 0, epoch: 4 }) },
    ],
    ['leaves where there is no room for it', { target: 'nowhere' }, { kind: 'release' }],
    ['ends before it outbids what was written late', { late: LATE }, { kind: 'release' }],
    [
      'outbids what was written late',
      { placement: KEPT, hosting: 'none', late: LATE },
      { kind: 'run', placement: at({ epoch: 6 }) },
    ],
    [
      'outbids what was written late, though its place was decided before',
      { hosting: 'none', late: LATE },
      { kind: 'run', placement: at({ epoch: 6 }) },
    ],
    ['rests', { wish: { kind: 'rest' }, hosting: 'none' }, { kind: 'rest' }],
    ['is drained before it rests', { wish: { kind: 'rest' } }, { kind: 'release' }],
    ['goes on while nobody knows', { wish: { kind: 'unknown' } }, { kind: 'keep' }],
    [
      'does not begin while nobody knows',
      { wish: { kind: 'unknown' }, hosting: 'none' },
      { kind: 'rest' },
    ],
    ['is drained before it ends', { wish: { kind: 'end' } }, { kind: 'release' }],
    ['ends', { wish: { kind: 'end' }, hosting: 'none' }, { kind: 'finish' }],
    ['gives way', { claim: { kind: 'taken', by: 'a/b' } }, { kind: 'release' }],
    [
      'is refused',
      { claim: { kind: 'taken', by: 'a/b' }, placement: undefined, hosting: 'none' },
      { kind: 'rest' },
    ],
    [
      'waits for its turn',
      { claim: { kind: 'leaving' }, placement: undefined, hosting: 'none' },
      { kind: 'wait' },
    ],
    [
      'is left alone where another may run it too',
      { claim: { kind: 'leaving' }, hosting: 'possible' },
      { kind: 'keep' },
    ],
    [
      'finds no room',
      {
        placement: undefined,
        hosting: 'none',
        room: { ...ROOM, use: new Map([0, 1].map((o) => [o, { taken: 2, staying: 2, load: 2 }])) },
      },
      { kind: 'full', capacity: 4, lost: 0 },
    ],
  ])('%s', (_name, change, decision) => {
    expect(decide(situation(change))).toEqual(decision);
  });

  it('never gets a new place while it may be hosted, nor an epoch that was there before', () => {
    const situations = fc.record({
      wish: fc.constantFrom<Wish>(RUN, { kind: 'rest' }, { kind: 'unknown' }, { kind: 'end' }),
      placement: fc.constantFrom(undefined, HERE, KEPT, at({ fleet: 'old' }), at({ botId: 8 })),
      hosting: fc.constantFrom('none' as const, 'possible' as const, 'handed' as const),
      claim: fc.constantFrom<Situation['claim']>(
        { kind: 'free' },
        { kind: 'leaving' },
        { kind: 'taken', by: 'a/b' },
      ),
      late: fc.constantFrom(undefined, LATE),
      target: fc.constantFrom<Situation['target']>(undefined, THERE, 'nowhere'),
    });
    fc.assert(
      fc.property(situations, (change) => {
        const { placement, hosting, claim } = change;
        const decision = decide(situation(change));
        if (decision.kind !== 'run') return;
        expect(claim.kind).not.toBe('taken');
        if (hosting === 'none') expect(claim.kind).toBe('free');
        else expect(decision.placement).toBe(placement);
        if (decision.placement !== placement) {
          const { epoch } = decision.placement;
          expect(epoch).toBeGreaterThan(Math.max(placement?.epoch ?? 0, change.late?.epoch ?? 0));
        }
      }),
    );
  });
});
