import type { Registry } from 'prom-client';
import { readDefaultFleets } from '../../controller/default-fleets.ts';
import type { OpenHistory } from '../../controller/leader-history.ts';
import { runOperator } from '../../controller/operator.ts';
import { addressInFile } from '../../history/address-source.ts';
import { History } from '../../history/history.ts';
import { HttpKubeClient } from '../../kube/http-client.ts';
import { asBearer, loadClusterAccess } from '../../kube/kubeconfig.ts';
import { restClientMetrics } from '../../kube/rest-client-metrics.ts';
import { systemClock } from '../../lib/clock.ts';
import { systemRandom } from '../../lib/random.ts';
import type { Secret } from '../../lib/secret.ts';
import { createLog, type Log } from '../../telemetry/log.ts';
import { createRegistry } from '../../telemetry/registry.ts';
import { adminOf } from '../admin-parts.ts';
import { openTracing } from '../open-tracing.ts';
import type { OperatorSettings } from '../operator-settings.ts';
import { RUNTIME_SETTINGS } from '../runtime-settings.ts';
import { variableName } from '../settings.ts';

/** What `tenantbot operator` takes from its surroundings. */
export interface OperatorSurroundings {
  readonly version: string;
  /** Where log lines go. */
  readonly logTo: { write(text: string): unknown };
  /** Ends the process at once: the lease is lost, and what only a leader may do did not stop. */
  readonly exit: () => never;
}

/** `tenantbot operator`: one replica of the operator, until `signal` aborts. */
export async function startOperator(
  settings: OperatorSettings,
  { version, logTo, exit }: OperatorSurroundings,
  signal: AbortSignal,
): Promise<void> {
  const { logLevel, logFormat, namespace, fleets } = settings;
  const destination = { write: (text: string) => void logTo.write(text) };
  const log = createLog({ level: logLevel, format: logFormat, destination });
  const registry = createRegistry();
  const access = await loadClusterAccess(settings.kubeconfig);
  const common = {
    clock: systemClock,
    random: systemRandom,
    userAgent: `tenantbot-operator/${version}`,
    metrics: restClientMetrics(registry),
  };
  const rate = { perSecond: settings.apiRequestsPerSecond, burst: settings.apiBurst };
  await using stack = new AsyncDisposableStack();
  const tracing = await openTracing(settings, { service: 'tenantbot-operator', log });
  stack.defer(async () => tracing?.close());
  const client = new HttpKubeClient({ ...common, access, rate });
  stack.defer(() => client.close());
  const clientFor = (token: Secret) =>
    new HttpKubeClient({ ...common, access: asBearer(access, token) });
  await runOperator(
    {
      client,
      registry,
      namespace,
      podName: settings.podName,
      botNamespaces: settings.watchNamespaces,
      watchSecrets: settings.watchSecrets,
      defaultFleets: fleets === undefined ? [] : await readDefaultFleets(fleets, namespace),
      image: settings.image,
      imagePullPolicy: settings.imagePullPolicy,
      runtimeEnv: runtimeEnv(settings),
      tracing,
      controlService: settings.controlService,
      controlPort: settings.controlPort,
      healthPort: settings.healthPort,
      admin: adminOf(settings, { clientFor, log, stack }),
      openHistory: historyOf(settings, { registry, log }),
      timings: {
        leaseDurationMs: settings.leaseSeconds * 1000,
        renewDeadlineMs: settings.renewSeconds * 1000,
        retryPeriodMs: settings.retrySeconds * 1000,
      },
      clock: systemClock,
      random: systemRandom,
      log,
      exit,
    },
    signal,
  );
}

/** What runtime pods are told as well. What is as by default is left out: it need not restart them. */
function runtimeEnv(settings: OperatorSettings): Readonly<Record<string, string>> {
  const { shape } = RUNTIME_SETTINGS.schema;
  const told = PASSED_ON.filter((name) => settings[name] !== shape[name].safeParse(undefined).data);
  return Object.fromEntries(told.map((name) => [variableName(name), String(settings[name])]));
}

const PASSED_ON = ['botMetrics', 'otlpEndpoint', 'traceRatio'] as const;

/** How a leader opens the history; undefined where none is to be kept. */
function historyOf(
  { databaseUrlFile, databaseCa, ...settings }: OperatorSettings,
  surroundings: { readonly registry: Registry; readonly log: Log },
): OpenHistory | undefined {
  if (databaseUrlFile === undefined) return undefined;
  const connections = {
    max: settings.databaseConnections,
    statementMs: Math.round(settings.databaseStatementSeconds * 1_000),
  };
  return (leading) =>
    new History({
      ...surroundings,
      ...leading,
      address: addressInFile(databaseUrlFile, databaseCa),
      connections,
      ...(settings.retention && { retention: settings.retention }),
      clock: systemClock,
      random: systemRandom,
    });
}
