import { describe, expect, it } from 'vitest';
import { type FleetDemand, fleetSize } from '../../src/planner/size.ts';

const SHARDING = { botsPerShard: 100, minShards: 1, maxShards: 5 };

function demand(change: Partial<FleetDemand>): FleetDemand {
  return { sharding: SHARDING, bots: 0, shards: 0, lost: new Set(), highestTaken: -1, ...change };
}

describe('a fleet is to have', () => {
  it.each<[string, Partial<FleetDemand>, number]>([
    ['as few shards as it may while there are no bots', {}, 1],
    ['no shard more while bots just fit', { bots: 200 }, 2],
    ['a shard more for one bot more than fits', { bots: 201 }, 3],
    ['no more than it may', { bots: 900 }, 5],
    ['what it has, where one fewer would be almost full', { bots: 195, shards: 3 }, 3],
    ['one fewer, where that leaves a tenth of a shard free', { bots: 190, shards: 3 }, 2],
    ['no more than it may, whatever it has', { bots: 100, shards: 9 }, 2],
    ['one for every lost one', { bots: 400, lost: new Set([1]) }, 5],
    ['none for a lost one that is not needed', { bots: 150, shards: 2, lost: new Set([4]) }, 2],
    ['a second one, where the only one is lost', { bots: 5, lost: new Set([0]) }, 2],
    ['no third one, where that is lost too', { bots: 5, lost: new Set([0, 1]) }, 2],
    ['half as many again where all are lost', { bots: 200, lost: new Set([0, 1, 2, 3]) }, 3],
    ['its least, made up for by those that are not lost', { lost: new Set([0]) }, 1],
  ])('%s', (_, change, wanted) => {
    expect(fleetSize(demand(change)).wanted).toBe(wanted);
  });

  it('pods for as long as a bot has its place there', () => {
    expect(fleetSize(demand({ bots: 5, shards: 4, highestTaken: 3 }))).toEqual({
      wanted: 1,
      shards: 4,
    });
  });
});
