import { seededRandom } from '../../../src/lib/random.ts';
import { SHORT_TIMES, type WorldOptions, type WorldTimings } from './surroundings.ts';
import { World } from './world.ts';

const FAULTY_MS = 22_000;
/** Before the first fault: who is to hold what has settled. */
const CALM_MS = 2_500;

/** What happens to a world, by its seed alone. */
export interface Outcome {
  readonly seed: number;
  /** The first second with too many calls, in words. */
  readonly violation: string | undefined;
  readonly calls: number;
}

/** Makes a world; another one where a defect is to be found. */
export type MakeWorld = (options: WorldOptions) => World;

/** Runs one random schedule of everything that may go wrong. */
export async function runSchedule(
  seed: number,
  make: MakeWorld = (options) => new World(options),
  timings: WorldTimings = SHORT_TIMES,
): Promise<Outcome> {
  const random = seededRandom(seed ^ 0x5bd1e995);
  const shards = 2 + Math.floor(random() * 4);
  const cap = 4 + Math.floor(random() * 40);
  const world = make({
    seed,
    shards,
    limits: limitsOf(cap, random),
    timings,
    clockError: random() < 0.2 ? 0 : 0.2,
    slowestMs: 50 + 750 * random(),
    slowestFlightMs: timings.lease.flightMs,
    ...(seed % 3 === 0 && { weightOf: shiftingWeight }),
  });
  vary(world, { cap, random, untilMs: FAULTY_MS });
  const faults = Math.floor(random() * 14);
  for (let fault = 0; fault < faults; fault++) {
    const atMs = CALM_MS + random() * (FAULTY_MS - CALM_MS);
    const harm = pick(HARMS, random);
    const dice = Array.from({ length: 4 }, random);
    world.loop.at(atMs, () => harm(world, () => dice.shift() ?? 0.5));
  }
  await world.loop.runUntil(FAULTY_MS + 4_000);
  const calls = world.telegram.arrivals.get('total')?.length ?? 0;
  return { seed, violation: world.telegram.violation(), calls };
}

/** Bots come, go and move. */
function shiftingWeight(shard: number, nowMs: number): number {
  return 1 + 5 * ((shard + Math.floor(nowMs / 3_000)) % 4);
}

/** Demand that shifts among the shards, and bursts. */
function vary(
  world: World,
  { cap, random, untilMs }: { cap: number; random: () => number; untilMs: number },
): void {
  for (let atMs = 0; atMs < untilMs; atMs += 500 + 3_000 * random()) {
    for (const index of world.shards.keys()) {
      const idle = random() < 0.3;
      const wanted = idle ? 0 : random() * cap * 1.5;
      world.loop.at(atMs, () => {
        const shard = world.shards[index];
        if (shard) shard.callsPerSecond = wanted;
      });
      if (random() < 0.2) world.loop.at(atMs, () => world.shards[index]?.burst(Math.ceil(cap / 2)));
    }
  }
}

type Harm = (world: World, dice: () => number) => void;

const HARMS: readonly Harm[] = [
  function killLeader(world, dice) {
    const index = world.replicas.findIndex((replica) => replica === world.lease.holder);
    world.replicas[index]?.kill();
    world.loop.after(200 + 3_000 * dice(), () => index >= 0 && world.startReplica(index));
  },
  function resign(world) {
    world.lease.holder?.resign();
  },
  function pauseLeader(world, dice) {
    world.lease.holder?.process.pause(6_000 * dice());
  },
  function cutLeaderFromApi(world, dice) {
    const link = `${world.lease.holder?.name}>api`;
    cutFor(world, [link], 6_000 * dice());
  },
  function cutShardOff(world, dice) {
    const shard = `shard-${Math.floor(dice() * world.shards.length)}`;
    const links = world.replicas.flatMap(({ name }) => [`${shard}>${name}`, `${name}>${shard}`]);
    cutFor(
      world,
      dice() < 0.5 ? links : links.filter((link) => link.startsWith('r')),
      14_000 * dice(),
    );
  },
  function cutShardFromOne(world, dice) {
    const shard = `shard-${Math.floor(dice() * world.shards.length)}`;
    const { name } = pick(world.replicas, dice);
    cutFor(world, [`${shard}>${name}`, `${name}>${shard}`], 10_000 * dice());
  },
  function pauseShard(world, dice) {
    pick(world.shards, dice).process.pause(4_000 * dice());
  },
  function restartShard(world, dice) {
    restart(world, dice, (pod) => pod);
  },
  function replacePod(world, dice) {
    restart(world, dice, () => world.newPod());
  },
  function editTable(world, dice) {
    world.editTable(dice() < 0.5 ? undefined : (world.stored?.text ?? '').replace(/\d+/g, '7'));
  },
  function changeLimits(world, dice) {
    world.setLimits(limitsOf(4 + Math.floor(dice() * 40), dice));
  },
];

function restart(world: World, dice: () => number, podOf: (pod: string) => string): void {
  const index = Math.floor(dice() * world.shards.length);
  const before = world.shards[index];
  if (!before?.process.isAlive) return;
  before.kill();
  world.loop.after(1_000 + 2_000 * dice(), () => world.startShard(index, podOf(before.pod)));
}

function cutFor(world: World, links: readonly string[], ms: number): void {
  for (const link of links) world.cut.add(link);
  world.loop.after(ms, () => {
    for (const link of links) world.cut.delete(link);
  });
}

function limitsOf(perSecond: number, random: () => number) {
  if (random() < 0.6) return { perSecond };
  const sendPhoto = 1 + Math.floor((random() * perSecond) / 2);
  return random() < 0.8 ? { perSecond, methods: { sendPhoto } } : { methods: { sendPhoto } };
}

function pick<T>(from: readonly T[], random: () => number): T {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}
