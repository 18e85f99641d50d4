import type { IncidentPage } from '../answers.ts';
import { now, parseTime } from '../browser-clock.ts';
import { ago, count, duration, localTime, NOTHING } from '../format.ts';
import { me } from '../me.ts';
import { BotLink } from '../parts/bot-link.tsx';
import { Choices } from '../parts/choices.tsx';
import { Heading } from '../parts/heading.tsx';
import { Empty, Failure } from '../parts/notice.tsx';
import { State } from '../parts/state.tsx';
import { type Column, VirtualTable } from '../parts/virtual-table.tsx';
import { search, setSearch } from '../router.ts';
import { type Pages, usePages } from '../use-pages.ts';
import { NoHistory } from './no-history.tsx';

type Incident = IncidentPage['items'][number];

const HOURS = { 1: '1 h', 6: '6 h', 24: '24 h', 72: '3 d', 168: '7 d' } as const;

/** When bots were not well: since when, for how long, and why. */
export function IncidentsScreen() {
  return (
    <>
      <Heading title="Incidents">
        <span class="spread" />
        <Filters />
      </Heading>
      {me.value?.history ? <Incidents /> : <NoHistory />}
    </>
  );
}

function given() {
  const hours = search.value.get('hours') ?? '';
  return {
    hours: hours in HOURS ? hours : '24',
    open: search.value.get('open') === 'true' ? 'true' : undefined,
    namespace: search.value.get('namespace') ?? undefined,
    name: search.value.get('name') ?? undefined,
    total: true,
  };
}

function Filters() {
  const { hours, open, namespace, name } = given();
  return (
    <div class="filters">
      {namespace !== undefined && (
        <button type="button" onClick={() => setSearch({ namespace: undefined, name: undefined })}>
          {namespace}
          {name === undefined ? '' : `/${name}`} ✕
        </button>
      )}
      <label>
        <input
          type="checkbox"
          checked={open === 'true'}
          onChange={({ currentTarget }) =>
            setSearch({ open: currentTarget.checked ? 'true' : undefined })
          }
        />
        only those that go on
      </label>
      <Choices
        label="How far back"
        options={HOURS}
        value={hours}
        onChoose={(hours) => setSearch({ hours })}
      />
    </div>
  );
}

function Incidents() {
  const pages: Pages<Incident> = usePages<Incident>('/v1/incidents', given());
  const { items, total, isComplete, problem, more, reload } = pages;
  if (problem) return <Failure problem={problem} retry={reload} />;
  if (isComplete && items.length === 0) {
    return (
      <Empty title="No incident in this time">
        No bot was degraded or unhealthy, no breaker opened, and every token was accepted.
      </Empty>
    );
  }
  return (
    <VirtualTable
      label="Incidents"
      columns={COLUMNS}
      rows={items}
      keyOf={({ namespace, name, kind, begin }) => `${namespace}/${name} ${kind} ${begin}`}
      total={total}
      onEnd={more}
    />
  );
}

const COLUMNS: readonly Column<Incident>[] = [
  { key: 'bot', title: 'Bot', width: 'minmax(200px, 1.2fr)', cell: (bot) => <BotLink {...bot} /> },
  { key: 'kind', title: 'In', width: '80px', cell: ({ kind }) => kind },
  { key: 'worst', title: 'Worst', width: '120px', cell: ({ worst }) => <State of={worst} /> },
  {
    key: 'begin',
    title: 'Began',
    width: '170px',
    cell: ({ begin }) => <span title={ago(begin, now.value)}>{localTime(begin)}</span>,
  },
  { key: 'lasted', title: 'Lasted', width: '120px', cell: lasted },
  {
    key: 'errors',
    title: 'Errors',
    width: '80px',
    isNumber: true,
    cell: ({ errors }) => count(errors),
  },
  {
    key: 'cause',
    title: 'Why',
    width: 'minmax(200px, 2fr)',
    cell: ({ cause }) => <span title={cause ?? undefined}>{cause ?? NOTHING}</span>,
  },
];

function lasted({ begin, end }: Incident) {
  const from = parseTime(begin)?.getTime() ?? 0;
  const to = parseTime(end)?.getTime();
  if (to === undefined) {
    return <State of={`${duration((now.value - from) / 1_000)}, goes on`} tone="bad" />;
  }
  return duration((to - from) / 1_000);
}
