import { Gauge, type Registry } from 'prom-client';
import type { Heartbeats } from './bot/heartbeats.ts';
import type { FloodWatch } from './flood-watch.ts';

/** Shows in `registry` how loaded the event loop is, and whether the intakes of bots are alive. */
export function meterRuntime(
  registry: Registry,
  { heartbeats, floodWatch }: { heartbeats: Heartbeats; floodWatch: FloodWatch },
): void {
  const registers = [registry];
  // The registry keeps them all.
  void new Gauge({
    name: 'tenantbot_event_loop_utilization',
    help: 'The part of the last 5 s in which the event loop was not idle, from 0 to 1',
    registers,
    collect() {
      this.set(floodWatch.load.utilization);
    },
  });
  void new Gauge({
    name: 'tenantbot_event_loop_lag_seconds',
    help: 'How late the event loop ran what was due, in the last 5 s',
    labelNames: ['of'],
    registers,
    collect() {
      const { meanMs, p99Ms, maxMs } = floodWatch.load.lag;
      this.set({ of: 'mean' }, meanMs / 1_000);
      this.set({ of: 'p99' }, p99Ms / 1_000);
      this.set({ of: 'max' }, maxMs / 1_000);
    },
  });
  void new Gauge({
    name: 'tenantbot_heartbeats_overdue',
    help: 'Bots that serve, but whose intake of updates has been silent for too long',
    registers,
    collect() {
      let overdue = 0;
      for (const heartbeat of heartbeats) if (heartbeat.isOverdue) overdue++;
      this.set(overdue);
    },
  });
  void new Gauge({
    name: 'tenantbot_heartbeat_oldest_seconds',
    help: 'How long the intake of updates that has been silent longest has been so',
    registers,
    collect() {
      let oldestMs = 0;
      for (const { silentMs } of heartbeats) oldestMs = Math.max(oldestMs, silentMs);
      this.set(oldestMs / 1_000);
    },
  });
}
