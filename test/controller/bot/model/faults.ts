import type { World } from './world.ts';

/** What people do, and what goes wrong; each acts on a world at once. */
const FAULTS: Record<string, (world: World) => void> = {
  suspend: (world) => {
    const stored = world.pick([...world.stored.values()]);
    stored.wanted = !stored.wanted;
    changed(world, stored.uid);
  },
  move: (world) => {
    const stored = world.pick([...world.stored.values()]);
    stored.fleet = world.pick(world.fleets.filter((fleet) => fleet !== stored.fleet));
    changed(world, stored.uid);
  },
  rebalance: (world) => {
    const stored = world.pick([...world.stored.values()]);
    world.leader?.retarget(stored, world.pick([0, 1]));
  },
  kill: (world) => {
    const { process } = world.pick(world.shards);
    if (process) world.kill(process);
  },
  restartPod: (world) => {
    const shard = world.pick(world.shards);
    if (!shard.process) return;
    shard.process.end();
    shard.ready = false;
  },
  forceDelete: (world) => {
    const shard = world.pick(world.shards);
    shard.process = undefined;
    shard.podUid = world.name('pod');
    shard.podExists = false;
    shard.ready = false;
    shard.downUntilMs = world.time.nowMs + world.upTo(world.pick([500, 30_000]));
  },
  cutLeader: (world) => {
    const process = world.pick([...world.processes]);
    if (process) process.leaderUp = !process.leaderUp;
  },
  cutTelegram: (world) => {
    const process = world.pick([...world.processes]);
    if (process) process.telegramUp = !process.telegramUp;
  },
  loseNode: (world) => {
    const shard = world.pick(world.shards);
    shard.ready = false;
    if (!shard.process) return;
    shard.process.leaderUp = false;
    shard.process.telegramUp = world.chance(0.5);
  },
  unready: (world) => {
    const shard = world.pick(world.shards);
    shard.ready = !shard.ready;
  },
  killLeader: (world) => {
    if (world.leader) world.leader.alive = false;
  },
  pauseLeader: (world) => {
    if (world.leader) world.leader.paused = !world.leader.paused;
  },
  cutApi: (world) => {
    if (world.leader) world.leader.apiUp = !world.leader.apiUp;
  },
  jumpClock: (world) => {
    if (world.leader) world.leader.clock.wallErrorMs += world.upTo(7_200_000) - 3_600_000;
  },
};

const KINDS = Object.keys(FAULTS);

/** Lets one thing go wrong. */
export function fault(world: World): void {
  FAULTS[world.pick(KINDS)]?.(world);
}

/** Ends all that is wrong, apart from what only time or a death can end. */
export function heal(world: World): void {
  world.faulty = false;
  for (const process of world.processes) {
    process.leaderUp = true;
    process.telegramUp = true;
    // A node that comes back ends what its API server knows no more.
    if (!world.isKnown(process) && !process.ending && world.chance(0.5)) world.kill(process);
  }
  for (const shard of world.shards) {
    shard.downUntilMs = 0;
    shard.ready = shard.process !== undefined && !shard.process.ending;
  }
  if (!world.leader) return;
  world.leader.paused = false;
  world.leader.apiUp = true;
}

function changed(world: World, uid: string): void {
  const stored = world.stored.get(uid);
  if (stored) stored.version++;
  world.leader?.noticed(uid);
}
