import type { ComponentChildren } from 'preact';
import type { BotRow } from '../../views/bot.ts';
import { now } from '../browser-clock.ts';
import { ago, compact, count, milliseconds, NOTHING, percent } from '../format.ts';
import { me } from '../me.ts';
import { BotLink } from '../parts/bot-link.tsx';
import { ActionButton } from '../parts/confirm.tsx';
import { CsvLink } from '../parts/csv-link.tsx';
import { Heading } from '../parts/heading.tsx';
import { Empty, Failure } from '../parts/notice.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { State } from '../parts/state.tsx';
import { type Column, VirtualTable } from '../parts/virtual-table.tsx';
import { search, setSearch } from '../router.ts';
import { useLiveBots } from '../use-live-bots.ts';
import { type Pages, usePages } from '../use-pages.ts';
import { BulkActions } from './bulk-actions.tsx';
import { NEW_BOT } from './new-bot-action.ts';
import { NoBots } from './no-bots.tsx';

/** The filters with a few values each; the page has no schema at run time to take them from. */
const CHOICES = {
  phase: [
    'Pending',
    'Starting',
    'Running',
    'Stopping',
    'Stopped',
    'Crashed',
    'Restarting',
    'Suspended',
  ] satisfies BotRow['phase'][],
  health: ['Healthy', 'Degraded', 'Unhealthy', 'Suspended'] satisfies BotRow['health'][],
  breaker: ['Closed', 'Open', 'HalfOpen'] satisfies BotRow['breaker'][],
} as const;

const FILTERS = ['search', 'namespace', 'fleet', 'phase', 'health', 'breaker', 'sort'] as const;

/** All bots that one may see, with search and filters that stand in the address. */
export function BotsScreen() {
  const params = Object.fromEntries(
    FILTERS.map((name) => [name, search.value.get(name) ?? undefined]),
  );
  const pages = usePages<BotRow>('/v1/bots', params);
  useLiveBots(pages);
  const { items, total, isLoading, isComplete, problem, more, reload } = pages;
  return (
    <>
      <Heading title="Bots">
        <span class="muted" role="status">
          {isLoading ? 'Loading …' : counted(pages)}
        </span>
        <span class="spread" />
        <BulkActions namespace={params['namespace']} />
        {me.value?.rights.create && <ActionButton action={NEW_BOT} onDone={() => undefined} />}
      </Heading>
      <Filters>
        <CsvLink of="bots" params={{ ...params, sort: undefined }} />
      </Filters>
      {problem && <Failure problem={problem} retry={reload} />}
      {isComplete && items.length === 0 && !problem ? (
        <Nothing />
      ) : (
        <VirtualTable
          label="Bots"
          columns={COLUMNS}
          rows={items}
          keyOf={({ namespace, name }) => `${namespace}/${name}`}
          total={total}
          sort={params['sort'] ?? 'name'}
          onSort={(sort) => setSearch({ sort })}
          onEnd={more}
        />
      )}
    </>
  );
}

function counted({ items, total = items.length }: Pages<BotRow>): string {
  return total === 1 ? '1 bot' : `${count(total)} bots`;
}

const COLUMNS: readonly Column<BotRow>[] = [
  {
    key: 'name',
    title: 'Bot',
    width: 'minmax(220px, 2.2fr)',
    sort: 'name',
    cell: (bot) => <BotLink {...bot} />,
  },
  {
    key: 'username',
    title: 'At Telegram',
    width: 'minmax(130px, 1.2fr)',
    cell: ({ username }) => <bdi>{username === null ? NOTHING : `@${username}`}</bdi>,
  },
  {
    key: 'phase',
    title: 'Phase',
    width: '110px',
    sort: 'phase',
    cell: (bot) => <Phase bot={bot} />,
  },
  {
    key: 'health',
    title: 'Health',
    width: '105px',
    sort: 'health',
    cell: ({ health }) => known(health),
  },
  {
    key: 'breaker',
    title: 'Breaker',
    width: '95px',
    sort: 'breaker',
    cell: ({ breaker }) => known(breaker),
  },
  { key: 'token', title: 'Token', width: '120px', cell: ({ token }) => known(token) },
  {
    key: 'errorPercent',
    title: 'Failed',
    width: '75px',
    isNumber: true,
    sort: 'errorPercent',
    cell: ({ errorPercent }) => percent(errorPercent),
  },
  {
    key: 'avgResponseMs',
    title: 'Latency',
    width: '80px',
    isNumber: true,
    sort: 'latency',
    cell: ({ avgResponseMs }) => milliseconds(avgResponseMs),
  },
  {
    key: 'updates',
    title: 'Updates',
    width: '80px',
    isNumber: true,
    sort: 'updates',
    cell: ({ updates }) => compact(updates),
  },
  {
    key: 'lastUpdateAt',
    title: 'Last update',
    width: '110px',
    sort: 'lastUpdate',
    cell: ({ lastUpdateAt }) => ago(lastUpdateAt, now.value),
  },
  {
    key: 'shard',
    title: 'Fleet · shard',
    width: 'minmax(110px, 1fr)',
    sort: 'shard',
    cell: ({ fleet, shard }) => `${fleet} · ${shard ?? NOTHING}`,
  },
];

/** A bot that runs and yet is not ready says why. */
function Phase({ bot }: { readonly bot: BotRow }) {
  if (bot.ready === 'False' && bot.phase !== 'Suspended') {
    return (
      <span title={bot.message}>
        <State of={bot.phase} tone="bad" />
      </span>
    );
  }
  return <State of={bot.phase} />;
}

function known(state: string | null) {
  return state === null ? <span class="muted">{NOTHING}</span> : <State of={state} />;
}

function Filters({ children }: { readonly children: ComponentChildren }) {
  const given = search.value;
  const isFiltered = FILTERS.some((name) => name !== 'sort' && given.has(name));
  return (
    <search class="filters">
      <SearchBox name="search" label="Search bots" placeholder="Namespace, name or @username" />
      {(Object.keys(CHOICES) as (keyof typeof CHOICES)[]).map((name) => (
        <label key={name}>
          {TITLES[name]}
          <select
            value={given.get(name) ?? ''}
            onChange={({ currentTarget }) => setSearch({ [name]: currentTarget.value })}
          >
            <option value="">any</option>
            {CHOICES[name].map((value) => (
              <option key={value} value={value}>
                {value}
              </option>
            ))}
          </select>
        </label>
      ))}
      {(['namespace', 'fleet'] as const).map((name) =>
        given.has(name) ? (
          <button type="button" key={name} onClick={() => setSearch({ [name]: undefined })}>
            {name} {given.get(name)} ✕
          </button>
        ) : null,
      )}
      {isFiltered && (
        <button type="button" onClick={clear}>
          Clear
        </button>
      )}
      <span class="spread" />
      {children}
    </search>
  );
}

const TITLES = { phase: 'Phase', health: 'Health', breaker: 'Breaker' } as const;

function clear(): void {
  setSearch(Object.fromEntries(FILTERS.map((name) => [name, undefined])));
}

function Nothing() {
  const isFiltered = FILTERS.some((name) => name !== 'sort' && search.value.has(name));
  if (isFiltered) {
    return (
      <Empty title="No bot matches">
        Nothing that you may see fits the search and the filters.{' '}
        <button onClick={clear}>Clear them</button>
      </Empty>
    );
  }
  return <NoBots />;
}
