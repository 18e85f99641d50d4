import { useMemo } from 'preact/hooks';
import type { Busiest, CommandPage, UsageSummary, UsageTrends, Verifications } from '../answers.ts';
import { compact, count, milliseconds, percent } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { Choices } from '../parts/choices.tsx';
import { Columns } from '../parts/columns.tsx';
import { CsvLink } from '../parts/csv-link.tsx';
import { Figure } from '../parts/figure.tsx';
import { Answered, Empty } from '../parts/notice.tsx';
import { Panel } from '../parts/panel.tsx';
import { type SomeBots, withParams } from '../query-string.ts';
import { search, setSearch } from '../router.ts';
import { useQuery } from '../use-query.ts';
import { ErrorKinds } from './error-kinds.tsx';

const DAYS = { 1: '1 d', 7: '7 d', 28: '28 d', 90: '90 d' } as const;
const EVERY_MS = 60_000;

function days(): string {
  const given = search.value.get('days') ?? '';
  return given in DAYS ? given : '7';
}

/** Lets one choose how far back usage is counted. */
export function DaysChoice(bots: SomeBots) {
  return (
    <>
      <CsvLink of="usage" params={{ ...bots, days: days() }} />
      <Choices
        label="How far back"
        options={DAYS}
        value={days()}
        onChoose={(days) => setSearch({ days })}
      />
    </>
  );
}

/** How bots were used: calls and updates over time, busiest hours, commands, errors, gates. */
export function UsageOf({ namespace, name }: SomeBots) {
  const params = { namespace, name, days: days() };
  const ask = (part: string) => withParams(part, params);
  const summary = useQuery<UsageSummary>(ask('/v1/usage/summary'), EVERY_MS);
  const trends = useQuery<UsageTrends>(ask('/v1/usage/trends'), EVERY_MS);
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const busiest = useQuery<Busiest>(
    withParams('/v1/usage/busiest', { ...params, timeZone }),
    EVERY_MS,
  );
  const commands = useQuery<CommandPage>(
    withParams('/v1/usage/commands', { ...params, limit: 10 }),
    EVERY_MS,
  );
  const gates = useQuery<Verifications>(ask('/v1/verifications'), EVERY_MS);
  return (
    <>
      <Answered query={summary}>
        {(summary) => <Totals summary={summary} change={trends.data?.change} />}
      </Answered>
      <div class="panels">
        <Panel title="Busiest times" beside={<span class="muted">updates, {timeZone}</span>}>
          <div class="inside">
            <Answered query={busiest}>{(busiest) => <BusiestTimes {...busiest} />}</Answered>
          </div>
        </Panel>
        <Panel title="Commands">
          <Answered query={commands}>{({ items }) => <Commands items={items} />}</Answered>
        </Panel>
      </div>
      <ErrorKinds {...params} />
      <Panel title="Membership gates">
        <Answered query={gates}>{(gates) => <Gates {...gates} />}</Answered>
      </Panel>
    </>
  );
}

function Totals({
  summary: { totals, points },
  change,
}: {
  readonly summary: UsageSummary;
  readonly change: UsageTrends['change'] | undefined;
}) {
  const { calls, updates } = totals;
  const lines = useMemo(
    () => ({
      times: points.map(({ at }) => at),
      updates: [
        {
          label: 'updates',
          color: 'accent',
          values: points.map(({ updates }) => updates),
          isArea: true,
        },
      ],
      calls: [
        { label: 'calls', color: 'accent', values: points.map(({ calls }) => calls), isArea: true },
        { label: 'failed', color: 'bad', values: points.map(({ failed }) => failed) },
      ],
    }),
    [points],
  );
  return (
    <>
      <dl class="figures">
        <Figure title="Updates" value={compact(sum(updates))} beside={changed(change?.updates)} />
        <Figure title="Handled" value={compact(updates.handled)} />
        <Figure title="Calls" value={compact(sum(calls))} beside={changed(change?.calls)} />
        <Figure
          title="Failed"
          value={compact(calls.failed)}
          beside={percent(totals.errorPercent)}
        />
        <Figure title="Slowed down" value={compact(calls.rate_limited)} />
        <Figure title="Latency p50" value={milliseconds(totals.p50Ms)} />
        <Figure
          title="Latency p95"
          value={milliseconds(totals.p95Ms)}
          beside={changed(change?.p95Ms)}
        />
      </dl>
      <div class="panels">
        <Panel title="Updates">
          <div class="inside">
            <Chart
              title="Received, by hour"
              times={lines.times}
              lines={lines.updates}
              format={compact}
              group="usage"
            />
          </div>
        </Panel>
        <Panel title="Calls to Telegram">
          <div class="inside">
            <Chart
              title="Made and failed, by hour"
              times={lines.times}
              lines={lines.calls}
              format={compact}
              group="usage"
            />
          </div>
        </Panel>
      </div>
    </>
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, value) => sum + value, 0);
}

/** Against the time before. */
function changed(percentage: number | null | undefined): string | undefined {
  if (percentage === null || percentage === undefined) return undefined;
  return `${percentage > 0 ? '+' : ''}${Math.round(percentage)} %`;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function BusiestTimes({ hours, weekdays }: Busiest) {
  if (hours.every((updates) => updates === 0)) {
    return <Empty title="No updates in this time">Nobody has written to these bots.</Empty>;
  }
  return (
    <>
      <Columns title="By hour" names={hours.map((_, hour) => `${hour}`)} values={hours} />
      <Columns title="By weekday" names={WEEKDAYS} values={weekdays} />
    </>
  );
}

function Commands({ items }: Pick<CommandPage, 'items'>) {
  if (items.length === 0) {
    return (
      <Empty title="No command was used in this time">
        Commands count that stand in a bot's spec, such as <code>/start</code>.
      </Empty>
    );
  }
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Command</th>
          <th scope="col" class="number">
            Uses
          </th>
          <th scope="col" class="number">
            Failed
          </th>
          <th scope="col" class="number">
            Bots
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map(({ command, uses, failed, bots }) => (
          <tr key={command}>
            <th scope="row">/{command}</th>
            <td class="number">{count(uses)}</td>
            <td class="number">{count(failed)}</td>
            <td class="number">{count(bots)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Gates({ prompted, refused, verified, left, successPercent }: Verifications) {
  if (prompted + refused + verified + left === 0) {
    return (
      <Empty title="Nobody met a gate in this time">
        A bot with a membership gate lets only members of a chat write.
      </Empty>
    );
  }
  return (
    <dl class="figures flat">
      <Figure title="Asked to join" value={count(prompted)} />
      <Figure title="Had not joined" value={count(refused)} />
      <Figure title="Verified" value={count(verified)} beside={percent(successPercent)} />
      <Figure title="Left" value={count(left)} />
    </dl>
  );
}
