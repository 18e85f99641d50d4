import type { HealthSummary } from '../../views/health.ts';
import type { UnhealthyPage } from '../answers.ts';
import { compact, count, milliseconds, percent } from '../format.ts';
import { Bar } from '../parts/bar.tsx';
import { BotLink } from '../parts/bot-link.tsx';
import { Figure } from '../parts/figure.tsx';
import { Heading } from '../parts/heading.tsx';
import { Answered, Empty } from '../parts/notice.tsx';
import { Panel } from '../parts/panel.tsx';
import { State } from '../parts/state.tsx';
import { withParams } from '../query-string.ts';
import { useQuery } from '../use-query.ts';
import { NoBots } from './no-bots.tsx';
import { RecentEvents } from './recent-events.tsx';

const EVERY_MS = 10_000;

/** All bots at a glance: how many do well, which don't, what has just changed. */
export function OverviewScreen() {
  const summary = useQuery<HealthSummary>('/v1/health/summary', EVERY_MS);
  return (
    <>
      <Heading title="Overview" />
      <Answered query={summary}>
        {(summary) => (summary.bots === 0 ? <NoBots /> : <Glance summary={summary} />)}
      </Answered>
    </>
  );
}

function Glance({ summary }: { readonly summary: HealthSummary }) {
  const { bots, ready, unwell, suspended } = summary;
  // Rather too few than below zero: a bot may end what it has begun while it is suspended.
  const waiting = Math.max(0, bots - ready - suspended);
  const botsOf = (filter: string) => (state: string) => withParams('/bots', { [filter]: state });
  return (
    <>
      <dl class="figures">
        <Figure title="Bots" value={count(bots)} />
        <Figure title="Ready" value={count(ready)} beside={percent((100 * ready) / bots)} />
        <Figure title="Not ready" value={count(waiting)} tone={waiting > 0 ? 'warn' : undefined} />
        <Figure title="Unwell" value={count(unwell)} tone={unwell > 0 ? 'bad' : undefined} />
        <Figure title="Suspended" value={count(suspended)} />
        <Figure title="Failed calls" value={percent(summary.errorPercent)} />
        <Figure title="Latency" value={milliseconds(summary.avgResponseMs)} />
        <Figure title="Updates" value={compact(summary.updates)} beside="since the start" />
      </dl>
      <Panel title="States">
        <div class="inside bars">
          <Bar title="Health" counts={summary.health} hrefOf={botsOf('health')} />
          <Bar title="Breakers" counts={summary.breaker} hrefOf={botsOf('breaker')} />
          <Bar title="Tokens" counts={summary.token} />
          <Bar title="Phases" counts={summary.phase} hrefOf={botsOf('phase')} />
        </div>
      </Panel>
      <div class="panels">
        <Unwell />
        <Panel title="Just now">
          <RecentEvents />
        </Panel>
      </div>
    </>
  );
}

const SHOWN = 20;

function Unwell() {
  const unwell = useQuery<UnhealthyPage>(`/v1/health/unhealthy?limit=${SHOWN}`, EVERY_MS);
  return (
    <Panel title="Not well, the worst first">
      <Answered query={unwell}>
        {({ items, total = items.length }) =>
          items.length === 0 ? (
            <Empty title="All bots that run are well">
              None has crashed, no breaker is open, and calls to Telegram succeed.
            </Empty>
          ) : (
            <>
              <table class="plain">
                <thead>
                  <tr>
                    <th scope="col">Bot</th>
                    <th scope="col">State</th>
                    <th scope="col" class="number">
                      Failed
                    </th>
                    <th scope="col">Why</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((bot) => (
                    <tr key={`${bot.namespace}/${bot.name}`}>
                      <td>
                        <BotLink {...bot} />
                      </td>
                      <td>
                        <State of={worst(bot)} />
                      </td>
                      <td class="number">{percent(bot.errorPercent)}</td>
                      <td class="muted">{bot.lastError ?? bot.message}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {total > SHOWN && (
                <p class="inside muted">
                  {count(total - SHOWN)} more: <a href="/bots?sort=-health">all bots by health</a>.
                </p>
              )}
            </>
          )
        }
      </Answered>
    </Panel>
  );
}

function worst({ phase, health, breaker }: UnhealthyPage['items'][number]): string {
  if (phase === 'Crashed') return phase;
  if (health === 'Unhealthy') return health;
  return breaker !== null && breaker !== 'Closed' ? breaker : (health ?? phase);
}
