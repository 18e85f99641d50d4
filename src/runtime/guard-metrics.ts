import { Gauge, type Registry } from 'prom-client';
import { BREAKER_STATES } from '../api/breaker.ts';
import { HEALTH_STATES, type HealthState } from '../api/health.ts';
import type { RuntimeFacts } from '../api/runtime-facts.ts';
import type { UpstreamBreaker } from './pipeline/upstream-breaker.ts';

/** How a hosted bot does; one that is not to run is neither well nor ill. */
export function healthOf({ lifecycle, health }: RuntimeFacts): HealthState {
  return lifecycle === 'Suspended' ? 'Suspended' : health.state;
}

/** Shows in `registry` how the breakers stand and how the bots do, by state: never bot by bot. */
export function meterGuards(
  registry: Registry,
  { upstream, facts }: { upstream: UpstreamBreaker; facts: () => Iterable<RuntimeFacts> },
): void {
  const of = { labelNames: ['state'], registers: [registry] };
  // The registry keeps all three.
  void new Gauge({
    ...of,
    name: 'tenantbot_upstream_breaker_state',
    help: 'The circuit breaker of the whole shard: 1 for the state that it is in',
    collect() {
      for (const state of BREAKER_STATES) this.set({ state }, state === upstream.state ? 1 : 0);
    },
  });
  void new Gauge({
    ...of,
    name: 'tenantbot_breakers',
    help: 'Hosted bots by the state of their circuit breakers',
    collect() {
      for (const state of BREAKER_STATES) this.set({ state }, 0);
      for (const { breaker } of facts()) this.inc({ state: breaker.state });
    },
  });
  void new Gauge({
    ...of,
    name: 'tenantbot_bots_health',
    help: 'Hosted bots by how their calls go',
    collect() {
      for (const state of HEALTH_STATES) this.set({ state }, 0);
      for (const bot of facts()) this.inc({ state: healthOf(bot) });
    },
  });
}
