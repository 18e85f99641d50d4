import type { Registry } from 'prom-client';
import { registerFleetMetrics } from '../../controller/fleet-metrics.ts';
import { makeLeaderMetrics } from '../../controller/leadership.ts';
import { writerMetrics } from '../../history/writer/writer-metrics.ts';
import { electionMetrics } from '../../kube/election-metrics.ts';
import { reflectorMetrics } from '../../kube/reflector-metrics.ts';
import { restClientMetrics } from '../../kube/rest-client-metrics.ts';
import { systemClock } from '../../lib/clock.ts';
import { MeteredPort } from '../../runtime/metered-port.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { webhookCounter } from '../../runtime/webhook/webhook-metrics.ts';
import { createLog } from '../../telemetry/log.ts';
import { createRegistry } from '../../telemetry/registry.ts';
import { meterContact, syncCounter, uncaughtErrorCounter } from './runtime-process.ts';

export const PROGRAMS = ['operator', 'runtime', 'standalone'] as const;
export type Program = (typeof PROGRAMS)[number];

/** A metric, as its registry has it. */
export interface ServedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
  readonly servedBy: readonly Program[];
}

/** All metrics that this program has, by name: read from registries that are filled as each part fills its own. */
export async function servedMetrics(): Promise<readonly ServedMetric[]> {
  const found = new Map<string, ServedMetric>();
  for (const [program, registry] of Object.entries(registries())) {
    // What is computed when somebody asks names its series only then.
    await registry.metrics();
    for (const metric of registry.getMetricsAsArray()) {
      const { name, help, type, labelNames = [] } = metric as unknown as RegisteredMetric;
      const before = found.get(name)?.servedBy ?? [];
      const servedBy = [...before, program as Program];
      found.set(name, { name, help, type, labels: labelNames, servedBy });
    }
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What prom-client's metrics have, and its types do not tell. */
interface RegisteredMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames?: readonly string[];
}

function registries(): Record<Program, Registry> {
  return { operator: operator(), runtime: runtime(), standalone: standalone() };
}

function operator(): Registry {
  const registry = createRegistry();
  restClientMetrics(registry);
  registerFleetMetrics(registry, { list: () => [] });
  makeLeaderMetrics(registry);
  electionMetrics(registry);
  reflectorMetrics(registry);
  writerMetrics(registry, () => 0);
  return registry;
}

function runtime(): Registry {
  const registry = createRegistry();
  syncCounter(registry);
  meterContact(registry, { lastContactMs: undefined, replacedReports: 0 }, systemClock);
  uncaughtErrorCounter(registry);
  webhookCounter(registry);
  void new MeteredPort(NO_PORT, registry);
  openRuntime(registry);
  return registry;
}

function standalone(): Registry {
  const registry = createRegistry();
  uncaughtErrorCounter(registry);
  webhookCounter(registry);
  writerMetrics(registry, () => 0);
  openRuntime(registry);
  return registry;
}

/** A runtime that is never started registers all that it has. */
function openRuntime(registry: Registry): void {
  const destination = { write: () => undefined };
  void new Runtime({
    port: NO_PORT,
    log: createLog({ level: 'error', format: 'json', destination }),
    history: { write: () => Promise.resolve() },
    registry,
    botMetrics: 1,
  });
}

const NO_PORT = {
  async *assignments() {},
  connect: () => undefined,
  report: () => undefined,
  ended: () => undefined,
  inContact: () => false,
  yield: () => undefined,
};
