import { seededRandom } from '../../../src/lib/random.ts';
import { REAL_TIMES } from './surroundings.ts';
import { World } from './world.ts';

const CAP = 300;
const SHARDS = 6;
const FROM_MS = 10_000;
const TO_MS = 40_000;
/** How often the demand jumps from some shards to others. */
const JUMP_MS = 4_000;
/** What each shard wants of the cap: more than all of it together. */
const STEADY = [0.5, 0.4, 0.2, 0.2, 0.1, 0.05];

/** How much of a cap a fleet without faults makes use of, with the times of production. */
export async function measureUse(
  demand: 'steady' | 'bursty',
): Promise<{ readonly use: number; readonly violation: string | undefined }> {
  const world = new World({
    seed: 3,
    shards: SHARDS,
    limits: { perSecond: CAP },
    timings: REAL_TIMES,
    clockError: 0.001,
    slowestMs: 30,
    slowestFlightMs: 40,
  });
  if (demand === 'steady') want(world, (shard) => STEADY[shard] ?? 0);
  else jump(world);
  await world.loop.runUntil(TO_MS);
  const arrivals = world.telegram.arrivals.get('total') ?? [];
  const counted = arrivals.filter((atMs) => atMs >= FROM_MS).length;
  const use = counted / ((CAP * (TO_MS - FROM_MS)) / 1_000);
  return { use, violation: world.telegram.violation() };
}

function jump(world: World): void {
  const random = seededRandom(7);
  for (let atMs = 0; atMs < TO_MS; atMs += JUMP_MS) {
    const hot = new Set([random(), random()].map((dice) => Math.floor(dice * SHARDS)));
    world.loop.at(atMs, () => want(world, (shard) => (hot.has(shard) ? 0.9 : 0.03)));
  }
}

function want(world: World, partOf: (shard: number) => number): void {
  for (const shard of world.shards) shard.callsPerSecond = CAP * partOf(shard.shard);
}
