import type { Sabotage } from './sabotage.ts';
import type { MakeWorld } from './schedule.ts';
import { World } from './world.ts';

function withDefect(sabotage: Sabotage): MakeWorld {
  return (options) => new World({ ...options, sabotage });
}

/** What must not go unnoticed. */
export const DEFECTS: readonly {
  readonly name: string;
  readonly make: MakeWorld;
}[] = [
  {
    name: 'freed capacity does not rest',
    make: withDefect({ leaderFlightMs: -1_000 }),
  },
  {
    name: 'grants grow before the table is written',
    make: withDefect({
      onStore: (store) => ({
        read: (signal) => store.read(signal),
        write: async (text, version, signal) => {
          void store.write(text, version, signal).catch(() => undefined);
          return String(Number(version ?? 0) + 1);
        },
      }),
    }),
  },
  {
    name: 'a new leader does not read what was granted',
    make: withDefect({
      suspectsNobody: true,
      onStore: (store) => ({
        read: async (signal) => {
          const stored = await store.read(signal);
          return stored && { ...stored, text: '' };
        },
        write: (text, version, signal) => store.write(text, version, signal),
      }),
    }),
  },
  {
    name: 'a new leader keeps the term of the one before',
    make: withDefect({
      onGrant: ({ grant, ...rest }) => ({
        ...rest,
        grant: { ...grant, id: { ...grant.id, term: 1, instance: 'any' } },
      }),
    }),
  },
  {
    name: 'a lost table is taken for an empty one',
    make: withDefect({ suspectsNobody: true }),
  },
  {
    name: 'shards do not tell of calls that are under way',
    make: withDefect({
      onDemand: (demand) => ({
        ...demand,
        uses: Object.fromEntries(
          Object.entries(demand.uses).map(([name, use]) => [name, { ...use, load: 0 }]),
        ),
      }),
    }),
  },
  {
    name: 'shards do not reckon with clocks that are too fast',
    make: withDefect({ windowMs: 1_010 }),
  },
];
