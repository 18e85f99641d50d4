import { Counter, Gauge, type Registry } from 'prom-client';
import type { BotKey } from '../api/group.ts';
import type { RuntimeFacts } from '../api/runtime-facts.ts';
import { healthOf } from './guard-metrics.ts';

/** One bot to tell of. */
export interface MeteredBot {
  readonly key: BotKey;
  readonly facts: RuntimeFacts;
}

/** Shows at most so many of these bots. */
export interface BotMetricsOptions {
  readonly top: number;
  readonly bots: () => Iterable<MeteredBot>;
}

const COUNTERS = {
  tenantbot_bot_updates_total: ['Updates that came for the bot', 'updates'],
  tenantbot_bot_replies_total: ['Messages that the bot sent', 'replies'],
  tenantbot_bot_failures_total: ['Errors of the bot', 'errors'],
  tenantbot_bot_given_up_total: ['Updates of the bot that were given up', 'skipped'],
} as const satisfies Record<string, readonly [string, keyof RuntimeFacts['counters']]>;

/**
 * Series of single bots in `registry`, with the label `bot`: of those that don't do well first, and
 * then of the busiest, `top` at most and nine series each. Which they are is decided at each scrape.
 */
export function meterBots(registry: Registry, { top, bots }: BotMetricsOptions): void {
  if (top === 0) return;
  const of = { labelNames: ['bot'], registers: [registry], collect: refill };
  const counters = Object.entries(COUNTERS).map(([name, [help, field]]) => ({
    field,
    counter: new Counter({ ...of, name, help }),
  }));
  const restarts = new Counter({
    ...of,
    name: 'tenantbot_bot_restarts_total',
    help: 'Restarts of the bot after it had failed',
  });
  const response = new Gauge({
    ...of,
    name: 'tenantbot_bot_response_seconds',
    help: 'How long Telegram takes to answer the bot, as a moving average',
  });
  const failed = new Gauge({
    ...of,
    name: 'tenantbot_bot_failed_ratio',
    help: "Share of the bot's recent calls that failed, from 0 to 1",
  });
  const states = { ...of, labelNames: ['bot', 'state'] };
  const health = new Gauge({
    ...states,
    name: 'tenantbot_bot_health',
    help: 'How the bot does: 1, with the state that it is in',
  });
  const breaker = new Gauge({
    ...states,
    name: 'tenantbot_bot_breaker_state',
    help: 'The circuit breaker of the bot: 1, with the state that it is in',
  });
  const others = [restarts, response, failed, health, breaker];
  let isFresh = false;

  /** Once for all of them in a scrape, which asks them one after the other without a pause. */
  function refill(): void {
    if (isFresh) return;
    isFresh = true;
    queueMicrotask(() => {
      isFresh = false;
    });
    for (const { counter } of counters) counter.reset();
    for (const metric of others) metric.reset();
    for (const { key: bot, facts } of mostWorthShowing(bots(), top)) {
      for (const { field, counter } of counters) counter.inc({ bot }, facts.counters[field]);
      restarts.inc({ bot }, facts.restarts);
      response.set({ bot }, facts.health.avgResponseMs / 1_000);
      failed.set({ bot }, facts.health.errorRate / 100);
      health.set({ bot, state: healthOf(facts) }, 1);
      breaker.set({ bot, state: facts.breaker.state }, 1);
    }
  }
}

/** Those in trouble first, then the busiest: a counter of a bot that comes and goes tells little. */
function mostWorthShowing(bots: Iterable<MeteredBot>, top: number): readonly MeteredBot[] {
  const ranked = Array.from(bots, (bot) => ({ bot, trouble: troubleOf(bot.facts) }));
  ranked.sort((a, b) => b.trouble - a.trouble || trafficOf(b.bot) - trafficOf(a.bot));
  return ranked.slice(0, top).map(({ bot }) => bot);
}

function troubleOf(facts: RuntimeFacts): number {
  const state = healthOf(facts);
  if (state === 'Unhealthy' || facts.lifecycle === 'Crashed') return 2;
  return state === 'Degraded' || facts.breaker.state !== 'Closed' ? 1 : 0;
}

function trafficOf({ facts: { counters } }: MeteredBot): number {
  return counters.updates + counters.replies;
}
