import { useMemo } from 'preact/hooks';
import type { BotDetail } from '../../views/bot.ts';
import type { BotHistory } from '../answers.ts';
import { compact, milliseconds, percent } from '../format.ts';
import { Band } from '../parts/band.tsx';
import { Chart, type Line } from '../parts/chart.tsx';
import { Choices } from '../parts/choices.tsx';
import { CsvLink } from '../parts/csv-link.tsx';
import { Answered, Empty } from '../parts/notice.tsx';
import { botPath, withParams } from '../query-string.ts';
import { search, setSearch } from '../router.ts';
import { useQuery } from '../use-query.ts';
import { NoHistory } from './no-history.tsx';

const HOURS = { 1: '1 h', 6: '6 h', 24: '24 h', 72: '3 d', 168: '7 d' } as const;

/** How a bot did over time: health, breaker, latency, errors, updates. */
export function BotTimeline({
  bot,
  hasHistory,
}: {
  readonly bot: BotDetail;
  readonly hasHistory: boolean;
}) {
  const given = search.value.get('hours') ?? '';
  const hours = given in HOURS ? given : '24';
  const path = withParams(`${botPath('/v1/bots', bot)}/history`, { hours });
  const history = useQuery<BotHistory>(hasHistory ? path : undefined, 60_000);
  return (
    <section class="panel">
      <header>
        <h2>Timeline</h2>
        <span class="spread" />
        <CsvLink of="history" params={{ namespace: bot.namespace, name: bot.name, hours }} />
        <Choices
          label="How far back"
          options={HOURS}
          value={hours}
          onChoose={(hours) => setSearch({ hours })}
        />
      </header>
      <div class="inside">
        {hasHistory ? (
          <Answered query={history}>{(history) => <Timeline history={history} />}</Answered>
        ) : (
          <NoHistory />
        )}
      </div>
    </section>
  );
}

function Timeline({ history: { points, stepSeconds } }: { readonly history: BotHistory }) {
  const lines = useMemo(() => linesOf(points), [points]);
  if (!points.some(({ samples }) => samples > 0)) {
    return (
      <Empty title="Nothing was heard of this bot in this time">
        How bots do is written down every few minutes while they run. Look further back, or wait for
        the next snapshot.
      </Empty>
    );
  }
  const { times } = lines;
  return (
    <>
      <Band title="Health" times={times} states={points.map(({ health }) => health)} />
      <Band title="Breaker" times={times} states={points.map(({ breaker }) => breaker)} />
      <div class="charts">
        <Chart
          title="Latency of Telegram"
          times={times}
          lines={lines.latency}
          format={milliseconds}
          group="bot"
        />
        <Chart
          title="Failed calls"
          times={times}
          lines={lines.failed}
          format={percent}
          group="bot"
        />
        <Chart
          title="Updates a step"
          times={times}
          lines={lines.updates}
          format={compact}
          group="bot"
        />
        <Chart
          title="Errors, pauses and restarts a step"
          times={times}
          lines={lines.errors}
          format={compact}
          group="bot"
        />
      </div>
      <p class="muted">
        Each step is {Math.round(stepSeconds / 60)} min; gaps are times without a word from the bot.
      </p>
    </>
  );
}

type Points = BotHistory['points'];

function linesOf(points: Points) {
  const line = (
    label: string,
    color: string,
    pick: (point: Points[number]) => number | null,
  ): Line => ({
    label,
    color,
    values: points.map(pick),
    isArea: color === 'accent',
  });
  return {
    times: points.map(({ at }) => at),
    latency: [line('average', 'accent', ({ avgResponseMs }) => avgResponseMs)],
    failed: [line('share', 'accent', ({ errorPercent }) => errorPercent)],
    updates: [line('updates', 'accent', ({ updates }) => updates)],
    errors: [
      line('errors', 'bad', ({ errors }) => errors),
      line('pauses', 'warn', ({ rateLimited }) => rateLimited),
      line('restarts', 'muted', ({ restarts }) => restarts),
    ],
  };
}
