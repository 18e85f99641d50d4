import { BREAKER_STATES } from '../api/breaker.ts';
import { HEALTH_STATES, type HealthState } from '../api/health.ts';
import type { Phase } from '../api/tenant-bot-status.ts';
import { type Key, pageOf, type Slice } from './keyset.ts';
import type { BotRow } from './views/bot.ts';

/** By what a list of bots can be sorted; with `-` before it, from high to low. */
export const SORT_KEYS = {
  name: () => null,
  health: ({ health }) => (health ? HEALTH_RANKS[health] : null),
  breaker: ({ breaker }) => (breaker ? BREAKER_STATES.indexOf(breaker) : null),
  phase: ({ phase }) => phase,
  errors: ({ errors }) => errors,
  errorPercent: ({ errorPercent }) => errorPercent,
  latency: ({ avgResponseMs }) => avgResponseMs,
  updates: ({ updates }) => updates,
  restarts: ({ restarts }) => restarts,
  created: ({ createdAt }) => createdAt,
  lastUpdate: ({ lastUpdateAt }) => lastUpdateAt,
  shard: ({ shard }) => shard,
} as const satisfies Record<string, (row: BotRow) => Key[number]>;

type SortKey = keyof typeof SORT_KEYS;
export type Sort = SortKey | `-${SortKey}`;

/** The words of {@link Sort}. */
export const SORTS = (Object.keys(SORT_KEYS) as SortKey[]).flatMap(
  (key) => [key, `-${key}`] as const,
) as [Sort, ...Sort[]];

/** From good to bad. */
const HEALTH_RANKS: Readonly<Record<HealthState, number>> = {
  Healthy: 0,
  Suspended: 1,
  Degraded: 2,
  Unhealthy: 3,
};

/** What may be looked for in `health` and `breaker`: also that nothing is known. */
export const HEALTH_FILTERS = [...HEALTH_STATES, 'Unknown'] as const;
export const BREAKER_FILTERS = [...BREAKER_STATES, 'Unknown'] as const;

/** Which bots are wanted: those that pass each filter that is given. */
export interface BotFilter {
  /** Stands somewhere in namespace, name or username, in upper or lower case. */
  readonly search?: string | undefined;
  readonly health?: readonly (typeof HEALTH_FILTERS)[number][] | undefined;
  readonly breaker?: readonly (typeof BREAKER_FILTERS)[number][] | undefined;
  readonly phase?: readonly Phase[] | undefined;
  readonly fleet?: string | undefined;
}

/** What a page of bots is asked with. */
export interface BotListOptions extends BotFilter {
  readonly sort: Sort;
  readonly limit: number;
  readonly after?: string | undefined;
}

/** The page of `bots` that the options ask for. */
export function listBots(bots: readonly BotRow[], options: BotListOptions): Slice<BotRow> {
  const { sort, limit, after } = options;
  const descending = sort.startsWith('-');
  const keyOf = SORT_KEYS[sort.replace('-', '') as SortKey];
  return pageOf(filterBots(bots, options), {
    limit,
    after,
    descending,
    keyOf: (row) => [keyOf(row), row.namespace, row.name],
  });
}

/** The bots that pass `filter`. */
export function filterBots(bots: readonly BotRow[], filter: BotFilter): BotRow[] {
  const { health, breaker, phase, fleet } = filter;
  const search = filter.search?.toLowerCase();
  const tests: readonly ((row: BotRow) => boolean)[] = [
    (row) => search === undefined || isIn(search, row),
    (row) => health === undefined || health.includes(row.health ?? 'Unknown'),
    (row) => breaker === undefined || breaker.includes(row.breaker ?? 'Unknown'),
    (row) => phase === undefined || phase.includes(row.phase),
    (row) => fleet === undefined || row.fleet === fleet,
  ];
  return bots.filter((row) => tests.every((passes) => passes(row)));
}

function isIn(search: string, { namespace, name, username }: BotRow): boolean {
  const texts = [`${namespace}/${name}`, username === null ? '' : `@${username}`];
  return texts.some((text) => text.toLowerCase().includes(search));
}
