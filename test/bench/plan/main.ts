/**
 * `npm run bench:plan`: what it takes to plan 10,000 bots on 100 shards, beside two ways that come
 * to mind first: to look at every shard's bots anew for each move, and to spread all bots by the
 * remainder of their number. Prints figures; judges nothing.
 */
import type { PlannedBot, PlannedFleet } from '../../../src/planner/fleet-state.ts';
import { plan } from '../../../src/planner/plan.ts';

const FLEET = 'default';
const BOTS = 10_000;
const SHARDS = 100;
const ROUNDS = 15;

const sharding = { botsPerShard: 200, minShards: 1, maxShards: SHARDS + 1 };

function bots(ordinalOf: (index: number) => number | undefined): PlannedBot[] {
  return Array.from({ length: BOTS }, (_, index) => {
    const ordinal = ordinalOf(index);
    return {
      uid: `${(index * 2_654_435_761) % 2 ** 32}-${index}`,
      weight: Math.floor(index / SHARDS) % 50 === 0 ? 5 : 1,
      createdAt: `2026-01-01T${String(index % 24).padStart(2, '0')}:00:00Z`,
      fleet: FLEET,
      place: ordinal === undefined ? undefined : { fleet: FLEET, ordinal },
      target: undefined,
    };
  });
}

function fleet(minShards: number, placed: readonly PlannedBot[]): PlannedFleet {
  const taken = new Map<number, number>();
  for (const { place } of placed) {
    if (place) taken.set(place.ordinal, (taken.get(place.ordinal) ?? 0) + 1);
  }
  return {
    name: FLEET,
    sharding: { ...sharding, minShards },
    shards: minShards,
    taken,
    stateOf: () => 'ready',
    balance: true,
    budget: Infinity,
  };
}

/** The median of some rounds, in ms of CPU time, after as many to warm up. */
function timed(work: () => unknown): number {
  const times = Array.from({ length: 2 * ROUNDS }, () => once(work));
  return times.slice(ROUNDS).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? NaN;
}

function once(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Places bots one by one, and looks at all others for each. */
function naive(placed: readonly PlannedBot[], shards: number): number {
  const at = new Map(placed.map(({ uid, place }) => [uid, place?.ordinal]));
  for (const { uid } of placed) {
    if (at.get(uid) !== undefined) continue;
    const loads = Array<number>(shards).fill(0);
    for (const other of placed) {
      const ordinal = at.get(other.uid);
      if (ordinal !== undefined) loads[ordinal] = (loads[ordinal] ?? 0) + other.weight;
    }
    at.set(uid, loads.indexOf(Math.min(...loads)));
  }
  return at.size;
}

const none = bots(() => undefined);
const spread = bots((index) => index % SHARDS);
const heap = bots((index) => Math.floor(index / 200));
const cases = [
  ['nothing to do', fleet(SHARDS, spread), spread],
  ['all bots are new', fleet(SHARDS, none), none],
  ['a shard comes', fleet(SHARDS + 1, spread), spread],
  ['half of the shards are new', fleet(SHARDS, heap), heap],
] as const;

console.log(
  `${BOTS} bots, ${SHARDS} shards, Node ${process.version}; medians of ${ROUNDS}, CPU time.\n`,
);
console.log('| | ms | places | moves |\n| --- | --- | --- | --- |');
let ofNew = NaN;
for (const [what, state, placed] of cases) {
  const ms = timed(() => plan([state], placed));
  if (placed === none) ofNew = ms;
  const { places = [], moves = [] } = plan([state], placed).get(FLEET) ?? {};
  console.log(`| ${what} | ${ms.toFixed(1)} | ${places.length} | ${moves.length} |`);
}
const naiveMs = once(() => naive(none, SHARDS));
const moved = spread.filter((_, index) => index % (SHARDS + 1) !== index % SHARDS).length;
console.log(
  `| all bots are new, one look at all others for each | ${naiveMs.toFixed(1)} | ${BOTS} | – |`,
);
console.log(`| a shard comes, spread by remainder | – | – | ${moved} |`);
console.log(`\nThe naive way takes ${(naiveMs / ofNew).toFixed(0)} times as long.`);
