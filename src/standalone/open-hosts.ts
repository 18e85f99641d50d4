import { join } from 'node:path';
import type { HistorySink } from '../api/history-records.ts';
import type { RetryBook } from '../api/retry-counts.ts';
import type { Clock } from '../lib/clock.ts';
import { inputError } from '../lib/errors.ts';
import type { Random } from '../lib/random.ts';
import type { Tracing } from '../lib/tracing.ts';
import type { ErrorBoundary } from '../runtime/bot/boundary.ts';
import { RetryStatistics } from '../runtime/pipeline/retries/retry-statistics.ts';
import { webhookCounter } from '../runtime/webhook/webhook-metrics.ts';
import { WebhookRoutes } from '../runtime/webhook/webhook-routes.ts';
import { startWebhookServer } from '../runtime/webhook/webhook-server.ts';
import type { Log } from '../telemetry/log.ts';
import type { Lock } from './data/lock.ts';
import type { HostListener, Hosts } from './reconcile/fleet-host.ts';
import { type HostMetrics, memoryHosts } from './reconcile/memory-host.ts';
import { endEarlierProcesses } from './shards/earlier-processes.ts';
import { grantFiles } from './shards/grant-files.ts';
import { processHosts } from './shards/process-hosts.ts';
import { ShardControl } from './shards/shard-control.ts';
import type { RuntimeProgram } from './shards/shard-process.ts';

/** What {@link openHosts} goes by. */
export interface OpenHostsOptions {
  /** In how many processes the bots of each fleet run; 1 is this one. */
  readonly shards: number;
  /** How those processes are started. */
  readonly runtime: RuntimeProgram;
  /** Where webhooks come in, on all addresses; 0 takes a free one. None do unless given. */
  readonly webhookPort?: number | undefined;
  /** In which bots do their work that run in this process. */
  readonly boundary: ErrorBoundary;
  /** Who keeps what was; nothing is kept unless given. */
  readonly history?: HistorySink | undefined;
  /** Where traces of this process begin; nothing is traced without it. */
  readonly tracing?: Tracing | undefined;
  /** Where the runtimes of this process show how they do. */
  readonly metrics?: HostMetrics | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Where fleets run. */
export interface OpenHosts extends AsyncDisposable {
  readonly hosts: (listener: HostListener) => Hosts;
  /** The retries of all of them. */
  readonly retries: RetryBook;
  /** Where webhooks come in. */
  readonly webhookPort?: number;
}

/**
 * Makes ready for bots to run: in this process, or in others that it starts. Waits for the end of
 * what an earlier run has left behind. Rejects in words where any of that is not possible.
 */
export async function openHosts(
  options: OpenHostsOptions,
  { data, lock }: { readonly data: string; readonly lock: Lock },
): Promise<OpenHosts> {
  const folder = join(data, 'shards');
  await endEarlierProcesses(folder, options);
  if (options.shards === 1) return openMemoryHosts(options);
  if (options.webhookPort !== undefined) {
    throw inputError(
      'WEBHOOKS_WITH_SHARDS',
      '--webhook-port does not go with --shards: webhooks come in where bots run, and that is in several processes. Leave one of the two out; without the port, bots poll',
    );
  }
  const { shards, runtime, history, clock, random, log } = options;
  const control = await ShardControl.open({ folder, history, clock, log });
  const hosts = processHosts({
    shards,
    control,
    program: runtime,
    folder,
    clock,
    random,
    log,
    grants: (fleet) => grantFiles(join(data, 'grants'), fleet),
    isLeader: () => lock.holds(),
  });
  const { retries } = control.hub;
  return { hosts, retries, [Symbol.asyncDispose]: () => control.close() };
}

async function openMemoryHosts(options: OpenHostsOptions): Promise<OpenHosts> {
  const { webhookPort: port, boundary, history, metrics, clock, random, log } = options;
  const routes = new WebhookRoutes();
  const server = port === undefined ? undefined : await openWebhooks(port, routes, metrics);
  const retryStatistics = new RetryStatistics(clock, metrics?.registries.main);
  // All fleets share the port: no two bots have the same key.
  const webhooks = server && { routes, ordinal: 0 };
  return {
    hosts: memoryHosts({
      boundary,
      clock,
      random,
      log,
      retryStatistics,
      webhooks,
      history,
      metrics,
      tracing: options.tracing,
    }),
    retries: retryStatistics,
    ...(server && { webhookPort: server.port }),
    async [Symbol.asyncDispose]() {
      await server?.close();
    },
  };
}

function openWebhooks(
  port: number,
  routes: WebhookRoutes,
  metrics: HostMetrics | undefined,
): ReturnType<typeof startWebhookServer> {
  const requests = metrics && webhookCounter(metrics.registries.main);
  return startWebhookServer({ port, routes, onResult: (result) => requests?.inc({ result }) });
}
