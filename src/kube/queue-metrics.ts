import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type QueueGauges, type QueueMetrics, WORK_PRIORITIES } from './work-queue.ts';

/** client-go's powers of ten, from 1 ms on: what is shorter tells nothing here. */
const BUCKETS = [0.001, 0.01, 0.1, 1, 10, 100];

/**
 * The metrics of work queues in `registry` under client-go's names (`workqueue_*`, label `name`).
 * Returns what gives a queue its own; call that once per queue.
 */
export function queueMetrics(registry: Registry): (name: string) => QueueMetrics {
  const queues = new Map<string, QueueGauges>();
  const registers = [registry];
  const labelNames = ['name'] as const;
  const adds = new Counter({
    name: 'workqueue_adds_total',
    help: 'Keys that became due',
    labelNames,
    registers,
  });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Keys that were added again after a failure',
    labelNames,
    registers,
  });
  const waited = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long keys waited for a worker after they had become due',
    labelNames,
    buckets: BUCKETS,
    registers,
  });
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long work on a key took',
    labelNames,
    buckets: BUCKETS,
    registers,
  });
  addGauges(queues, registers);

  return (name) => ({
    track: (gauges) => queues.set(name, gauges),
    added: () => adds.inc({ name }),
    retried: () => retries.inc({ name }),
    started: (waitedMs) => waited.observe({ name }, waitedMs / 1000),
    finished: (workedMs) => worked.observe({ name }, workedMs / 1000),
  });
}

/** The gauges ask the queues when somebody scrapes. */
function addGauges(queues: ReadonlyMap<string, QueueGauges>, registers: Registry[]): void {
  const gauge = (name: string, help: string, valueOf: (queue: QueueGauges) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['name'],
      registers,
      collect() {
        for (const [name, queue] of queues) this.set({ name }, valueOf(queue));
      },
    });
  gauge(
    'workqueue_unfinished_work_seconds',
    'How long the keys that are being worked on have been so, summed up',
    (queue) => queue.unfinishedMs() / 1000,
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How long the longest running work has been running',
    (queue) => queue.longestRunningMs() / 1000,
  );
  addDepth(queues, registers);
}

function addDepth(queues: ReadonlyMap<string, QueueGauges>, registers: Registry[]): Gauge {
  return new Gauge({
    name: 'workqueue_depth',
    help: 'Keys that are due and wait for a worker',
    labelNames: ['name', 'priority'],
    registers,
    collect() {
      for (const [name, queue] of queues) {
        for (const priority of WORK_PRIORITIES) {
          this.set({ name, priority }, queue.depth(priority));
        }
      }
    },
  });
}
