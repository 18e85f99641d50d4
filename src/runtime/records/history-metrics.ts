import { Counter, Gauge, type Registry } from 'prom-client';
import { RECORD_KINDS } from '../../api/history-records.ts';
import type { HistoryBuffer } from '../../control/history-buffer.ts';
import { SEND_RESULTS, type SendResult } from '../../control/history-sender.ts';

/** Shows in `registry` how many records of the history wait, and gave way to others. */
export function meterHistory(registry: Registry, buffer: HistoryBuffer): void {
  const registers = [registry];
  // The registry keeps both.
  void new Gauge({
    name: 'tenantbot_history_untold_records',
    help: 'Records of the history that nobody keeps yet',
    registers,
    collect() {
      this.set(buffer.waiting);
    },
  });
  void new Counter({
    name: 'tenantbot_history_untold_dropped_total',
    help: 'Records of the history that gave way to others, since too many waited',
    labelNames: ['kind'],
    registers,
    collect() {
      const { dropped } = buffer;
      this.reset();
      for (const kind of RECORD_KINDS) this.inc({ kind }, dropped[kind] ?? 0);
    },
  });
}

/** Counts in `registry` how batches of the history end. */
export function countBatches(registry: Registry): (result: SendResult) => void {
  const batches = new Counter({
    name: 'tenantbot_history_sends_total',
    help: 'Batches of records sent for the history, by how they ended',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of SEND_RESULTS) batches.inc({ result }, 0);
  return (result) => batches.inc({ result });
}
