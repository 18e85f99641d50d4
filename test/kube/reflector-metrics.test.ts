import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { reflectorMetrics } from '../../src/kube/reflector-metrics.ts';

test('reflectors are counted under their names', async () => {
  const registry = new Registry();
  const metricsOf = reflectorMetrics(registry);
  const pods = metricsOf('pods');
  metricsOf('secrets');
  pods.listed(300, 250);
  pods.watched(7, 60_000);
  pods.failed('watch');
  const text = await registry.metrics();
  expect(text).toContain('reflector_list_duration_seconds_sum{name="pods"} 0.25');
  expect(text).toContain('reflector_items_per_list_sum{name="pods"} 300');
  expect(text).toContain('reflector_watch_duration_seconds_sum{name="pods"} 60');
  expect(text).toContain('reflector_items_per_watch_sum{name="pods"} 7');
  expect(text).toContain('reflector_failures_total{name="pods",verb="watch"} 1');
  expect(text).toContain('reflector_failures_total{name="secrets",verb="list"} 0');
});
