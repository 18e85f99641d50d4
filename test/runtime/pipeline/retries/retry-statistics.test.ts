import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import { RetryStatistics } from '../../../../src/runtime/pipeline/retries/retry-statistics.ts';

test('counts by method, category and outcome, from the start or the last reset', () => {
  const clock = new AdjustableClock();
  const statistics = new RetryStatistics(clock);
  statistics.count('sendPhoto', 'server', 'retried');
  statistics.count('sendMessage', 'network', 'retried');
  statistics.count('sendMessage', 'network', 'retried');
  statistics.count('sendMessage', 'network', 'recovered');
  expect(statistics.snapshot()).toEqual({
    since: '1970-01-01T00:00:00Z',
    retries: [
      { method: 'sendMessage', category: 'network', outcome: 'recovered', count: 1 },
      { method: 'sendMessage', category: 'network', outcome: 'retried', count: 2 },
      { method: 'sendPhoto', category: 'server', outcome: 'retried', count: 1 },
    ],
  });
  clock.advance(60_000);
  statistics.reset();
  expect(statistics.snapshot()).toEqual({ since: '1970-01-01T00:01:00Z', retries: [] });
});

test('takes the memory of a hundred methods, whatever tenants make up', () => {
  const statistics = new RetryStatistics(new AdjustableClock());
  for (let index = 0; index < 10_000; index++) statistics.count(`m${index}`, 'unknown', 'retried');
  const { retries } = statistics.snapshot();
  expect(retries).toHaveLength(101);
  expect(retries.find(({ method }) => method === 'other')?.count).toBe(9_900);
});

test('a metric counts on through a reset', async () => {
  const registry = new Registry();
  const statistics = new RetryStatistics(new AdjustableClock(), registry);
  statistics.count('sendMessage', 'rateLimit', 'retried');
  statistics.reset();
  statistics.count('sendPhoto', 'rateLimit', 'retried');
  expect(await registry.metrics()).toContain(
    'tenantbot_retries_total{category="rateLimit",outcome="retried"} 2',
  );
});
