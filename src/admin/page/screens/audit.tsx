import type { AuditPage } from '../answers.ts';
import { localTime, NOTHING } from '../format.ts';
import { me } from '../me.ts';
import { CsvLink } from '../parts/csv-link.tsx';
import { Heading } from '../parts/heading.tsx';
import { Empty, Failure } from '../parts/notice.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { type Column, VirtualTable } from '../parts/virtual-table.tsx';
import { search } from '../router.ts';
import { usePages } from '../use-pages.ts';
import { NoHistory } from './no-history.tsx';

type Entry = AuditPage['items'][number];

/** Who did what, the latest first. */
export function AuditScreen() {
  return (
    <>
      <Heading title="Audit">
        <span class="spread" />
        <CsvLink of="audit" params={{ text: search.value.get('text') ?? undefined }} />
        <search class="filters">
          <SearchBox
            name="text"
            label="Search the audit log"
            placeholder="Actor, action or object …"
          />
        </search>
      </Heading>
      {me.value?.history ? <Entries /> : <NoHistory />}
    </>
  );
}

function Entries() {
  const text = search.value.get('text') ?? undefined;
  const { items, total, isComplete, problem, more, reload } = usePages<Entry>('/v1/audit', {
    text,
    total: true,
  });
  if (problem) return <Failure problem={problem} retry={reload} />;
  if (isComplete && items.length === 0) {
    return text === undefined ? (
      <Empty title="Nothing was done yet">
        Every change that somebody makes through this page, the API or the command line stands here.
      </Empty>
    ) : (
      <Empty title={`Nothing begins with “${text}”`}>
        Actors, actions and objects are looked through from their beginning; capitals matter.
      </Empty>
    );
  }
  return (
    <VirtualTable
      label="Audit log"
      columns={COLUMNS}
      rows={items}
      keyOf={(entry) => `${entry.at} ${entry.actor} ${entry.action} ${entry.object}`}
      total={total}
      onEnd={more}
    />
  );
}

const COLUMNS: readonly Column<Entry>[] = [
  { key: 'at', title: 'When', width: '180px', cell: ({ at }) => localTime(at) },
  {
    key: 'actor',
    title: 'Who',
    width: 'minmax(160px, 1fr)',
    cell: ({ actor }) => <bdi>{actor}</bdi>,
  },
  { key: 'action', title: 'What', width: 'minmax(130px, 0.8fr)', cell: ({ action }) => action },
  {
    key: 'object',
    title: 'To what',
    width: 'minmax(180px, 1.2fr)',
    cell: ({ namespace, object }) => (
      <bdi>
        {namespace !== null && <span class="muted">{namespace}/</span>}
        {object ?? NOTHING}
      </bdi>
    ),
  },
  {
    key: 'detail',
    title: 'How',
    width: 'minmax(200px, 2fr)',
    cell: ({ detail }) => {
      const words = detail === null || detail === undefined ? '' : JSON.stringify(detail);
      return <code title={words}>{words}</code>;
    },
  },
];
