import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a writer counts. */
export interface WriterMetrics {
  readonly rows: Counter<'table'>;
  readonly batches: Counter;
  readonly failures: Counter<'reason'>;
  readonly commitSeconds: Histogram;
  readonly dropped: Counter<'kind' | 'reason'>;
}

/** Registers the metrics of a writer. `waiting` tells how many records wait. */
export function writerMetrics(registry: Registry, waiting: () => number): WriterMetrics {
  const registers = [registry];
  // The registry keeps it.
  void new Gauge({
    name: 'tenantbot_history_waiting_records',
    help: 'Records that wait for the transaction before theirs',
    registers,
    collect() {
      this.set(waiting());
    },
  });
  return {
    rows: new Counter({
      name: 'tenantbot_history_rows_total',
      help: 'Rows that were inserted or changed; what was there already is not counted',
      labelNames: ['table'],
      registers,
    }),
    batches: new Counter({
      name: 'tenantbot_history_batches_total',
      help: 'Batches of records that were committed',
      registers,
    }),
    failures: new Counter({
      name: 'tenantbot_history_failures_total',
      help: 'Transactions that failed; their batches are sent again',
      labelNames: ['reason'],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'tenantbot_history_commit_seconds',
      help: 'How long a transaction took that was committed',
      buckets: BUCKETS_SECONDS,
      registers,
    }),
    dropped: new Counter({
      name: 'tenantbot_history_dropped_total',
      help: 'Records that are not kept: they gave way at their sender (overflow), say what can not be (invalid, time, refused), or are of a bot that nobody knows',
      labelNames: ['kind', 'reason'],
      registers,
    }),
  };
}
