import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type ControllerMetrics, RECONCILE_RESULTS } from './controller.ts';

/**
 * The metrics of controllers in `registry` under controller-runtime's names
 * (`controller_runtime_*`, label `controller`). Returns what gives a controller its own; call that
 * once per controller.
 */
export function controllerMetrics(registry: Registry): (controller: string) => ControllerMetrics {
  const registers = [registry];
  const labelNames = ['controller'] as const;
  const activeOf = new Map<string, () => number>();
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles that have ended, by result',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciles that have failed',
    labelNames,
    registers,
  });
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'How long reconciles took',
    labelNames,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const max = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Keys that a controller works on at once, at most',
    labelNames,
    registers,
  });
  addActiveWorkers(activeOf, registers);

  return (controller) => ({
    track(workers) {
      activeOf.set(controller, workers.active);
      max.set({ controller }, workers.max);
      // A series that is there from the start lets rate() see its first increase.
      errors.inc({ controller }, 0);
      for (const result of RECONCILE_RESULTS) total.inc({ controller, result }, 0);
    },
    reconciled(result, tookMs) {
      total.inc({ controller, result });
      if (result === 'error') errors.inc({ controller });
      time.observe({ controller }, tookMs / 1000);
    },
  });
}

function addActiveWorkers(
  activeOf: ReadonlyMap<string, () => number>,
  registers: Registry[],
): Gauge {
  return new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Keys that a controller works on now',
    labelNames: ['controller'],
    registers,
    collect() {
      for (const [controller, active] of activeOf) this.set({ controller }, active());
    },
  });
}
