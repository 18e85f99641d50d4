import { Counter, Gauge, type Registry } from 'prom-client';
import type { HttpControlPort } from '../../control/http-control-port.ts';
import type { Clock } from '../../lib/clock.ts';

/** Counts in `registry` what ended the lives of bots from where nobody waited for it. */
export function uncaughtErrorCounter(registry: Registry): Counter {
  return new Counter({
    name: 'tenantbot_uncaught_errors_total',
    help: 'Errors that nobody caught, each of which ended the life of the bot that it belongs to',
    registers: [registry],
  });
}

/** Counts in `registry` how requests to the leader end. */
export function syncCounter(registry: Registry): Counter<'result'> {
  return new Counter({
    name: 'tenantbot_control_syncs_total',
    help: 'Requests to the leader, by how they ended',
    labelNames: ['result'] as const,
    registers: [registry],
  });
}

/** Shows in `registry` whether the leader is heard, and what it was not told. */
export function meterContact(
  registry: Registry,
  port: Pick<HttpControlPort, 'lastContactMs' | 'replacedReports'>,
  clock: Clock,
): void {
  const registers = [registry];
  const startedMs = clock.monotonicMs();
  // The registry keeps both.
  void new Gauge({
    name: 'tenantbot_control_silence_seconds',
    help: 'Time since a leader last answered, or since the start',
    registers,
    collect() {
      this.set((clock.monotonicMs() - (port.lastContactMs ?? startedMs)) / 1000);
    },
  });
  void new Counter({
    name: 'tenantbot_control_reports_replaced_total',
    help: 'Reports that gave way to newer ones of the same bot before a leader had them',
    registers,
    collect() {
      this.reset();
      this.inc(port.replacedReports);
    },
  });
}
