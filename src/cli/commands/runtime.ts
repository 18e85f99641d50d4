import type { Registry } from 'prom-client';
import { HttpControlPort, type HttpControlPortOptions } from '../../control/http-control-port.ts';
import { HttpHistory } from '../../control/http-history.ts';
import type { LeaderAddress } from '../../control/leader-link.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type Random, randomToken, systemRandom } from '../../lib/random.ts';
import { within } from '../../lib/within.ts';
import { ErrorBoundary } from '../../runtime/bot/boundary.ts';
import { MeteredPort } from '../../runtime/metered-port.ts';
import { RetryStatistics } from '../../runtime/pipeline/retries/retry-statistics.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { type HealthChecks, startHealthServer } from '../../telemetry/health-server.ts';
import { createLog } from '../../telemetry/log.ts';
import { createRegistry } from '../../telemetry/registry.ts';
import { meterContact, syncCounter, uncaughtErrorCounter } from '../metrics/runtime-process.ts';
import { openTracing } from '../open-tracing.ts';
import type { RuntimeSettings } from '../runtime-settings.ts';
import { handleUncaughtErrors } from '../uncaught-errors.ts';
import { openWebhooks } from '../webhooks.ts';

/** What `tenantbot runtime` takes from its surroundings. */
export interface RuntimeSurroundings {
  /** Where log lines go. */
  readonly logTo: { write(text: string): unknown };
  /** Ends the process. */
  readonly exit: (code: number) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** How long the leader is tried to be told what has ended, when all has. */
const FAREWELL_MS = 1_000;

/**
 * `tenantbot runtime`: hosts the bots that the leader hands to this pod's shard. Resolves when
 * `signal` has aborted, all bots have drained and, if it can be had, the leader has been told so.
 */
export async function runRuntime(
  settings: RuntimeSettings,
  { logTo, exit, clock = systemClock, random = systemRandom }: RuntimeSurroundings,
  signal: AbortSignal,
): Promise<void> {
  const { controlUrl, controlCa, controlToken, healthHost, healthPort } = settings;
  const { logLevel, logFormat, logShard } = settings;
  const destination = { write: (text: string) => void logTo.write(text) };
  const root = createLog({ level: logLevel, format: logFormat, destination });
  const log = logShard === undefined ? root : root.child({ shard: logShard });
  const tracing = await openTracing(settings, { service: 'tenantbot-runtime', log });
  const registry = createRegistry({ exemplars: tracing !== undefined });
  const leader = { url: controlUrl, caFile: controlCa, tokenFile: controlToken, tracing };
  const retryStatistics = new RetryStatistics(clock, registry);
  const port = openPort(leader, registry, {
    retries: retryStatistics,
    clock,
    random,
    log,
  });
  const history = new HttpHistory(leader, log);
  const boundary = new ErrorBoundary();
  using _errors = handleUncaughtErrors({
    blame: (error) => boundary.fail(error),
    log,
    exit,
    counter: uncaughtErrorCounter(registry),
  });
  const webhooks = await openWebhooks(settings, { clock, registry });
  const runtime = new Runtime({
    port: new MeteredPort(port, registry),
    history,
    log,
    clock,
    random,
    boundary,
    registry,
    retryStatistics,
    botMetrics: settings.botMetrics,
    ...(tracing && { tracing }),
    ...(webhooks && { webhooks: webhooks.listener }),
  });
  const health = await startHealthServer({
    ...(healthHost !== undefined && { host: healthHost }),
    port: healthPort,
    registry,
    live: {},
    ready: readiness(port, signal),
  });
  log.info({ healthPort: health.port, controlUrl }, 'runtime started');
  const parted = new AbortController();
  const hosting = async (): Promise<void> => {
    try {
      await runtime.start(signal);
      await within(clock, FAREWELL_MS, port.flush(parted.signal));
    } finally {
      parted.abort();
    }
  };
  try {
    await Promise.all([port.start(parted.signal), hosting()]);
  } finally {
    await Promise.all([health.close(), webhooks?.close(), history.close(), tracing?.close()]);
  }
  log.info('all bots have drained');
}

/** Ready from the first whole assignment on; a leader that is away later changes nothing. */
function readiness(port: HttpControlPort, signal: AbortSignal): HealthChecks {
  return {
    assignment: () =>
      port.ready ? undefined : 'no leader has said yet which bots to host; its log may tell why',
    running: () => (signal.aborted ? 'this runtime is about to end' : undefined),
  };
}

function openPort(
  address: LeaderAddress,
  registry: Registry,
  parts: Pick<HttpControlPortOptions, 'retries' | 'clock' | 'random' | 'log'>,
): HttpControlPort {
  const syncs = syncCounter(registry);
  const port = new HttpControlPort({
    ...address,
    ...parts,
    session: randomToken(16),
    onSync: (result) => syncs.inc({ result }),
  });
  meterContact(registry, port, parts.clock);
  return port;
}
