import type { BotDetail } from '../../views/bot.ts';
import type { TransitionPage } from '../answers.ts';
import { localTime, NOTHING } from '../format.ts';
import { me } from '../me.ts';
import { Empty, Failure } from '../parts/notice.tsx';
import { State } from '../parts/state.tsx';
import { type Column, VirtualTable } from '../parts/virtual-table.tsx';
import { botPath } from '../query-string.ts';
import { search, setSearch } from '../router.ts';
import { usePages } from '../use-pages.ts';
import { NoHistory } from './no-history.tsx';

type Transition = TransitionPage['items'][number];

const WEEK_HOURS = 168;
const KINDS = [
  'health',
  'breaker',
  'token',
  'lifecycle',
  'placement',
] satisfies Transition['kind'][];

/** How the states of a bot changed in the last week, and where it had its place. */
export function BotChanges({ bot }: { readonly bot: BotDetail }) {
  if (!me.value?.history) return <NoHistory />;
  return (
    <>
      <div class="filters">
        <label>
          Changes of
          <select
            value={search.value.get('kinds') ?? ''}
            onChange={({ currentTarget }) => setSearch({ kinds: currentTarget.value })}
          >
            <option value="">anything</option>
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {kind}
              </option>
            ))}
          </select>
        </label>
        <span class="muted">in the last week</span>
      </div>
      <Changes bot={bot} kinds={search.value.get('kinds') ?? undefined} />
    </>
  );
}

function Changes({ bot, kinds }: { readonly bot: BotDetail; readonly kinds: string | undefined }) {
  const path = `${botPath('/v1/bots', bot)}/transitions`;
  const pages = usePages<Transition>(path, { hours: WEEK_HOURS, kinds });
  const { items, isComplete, problem, more, reload } = pages;
  if (problem) return <Failure problem={problem} retry={reload} />;
  if (isComplete && items.length === 0) {
    return (
      <Empty title="Nothing has changed in this time">
        Each step of health, breaker, token, life and place is kept here.
      </Empty>
    );
  }
  return (
    <VirtualTable
      label="Changes"
      columns={COLUMNS}
      rows={items}
      keyOf={({ at, kind, to }) => `${at} ${kind} ${to}`}
      onEnd={more}
    />
  );
}

const COLUMNS: readonly Column<Transition>[] = [
  { key: 'at', title: 'When', width: '180px', cell: ({ at }) => localTime(at) },
  { key: 'kind', title: 'Of', width: '110px', cell: ({ kind }) => kind },
  { key: 'from', title: 'From', width: 'minmax(130px, 1fr)', cell: ({ from }) => from ?? NOTHING },
  {
    key: 'to',
    title: 'To',
    width: 'minmax(130px, 1fr)',
    cell: ({ kind, to }) => (kind === 'placement' ? to : <State of={to} />),
  },
  {
    key: 'cause',
    title: 'Why',
    width: 'minmax(240px, 3fr)',
    cell: ({ cause }) => <span title={cause ?? undefined}>{cause ?? NOTHING}</span>,
  },
];
