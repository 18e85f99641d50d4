import type { Registry } from 'prom-client';
import type { ShardHub } from '../control/hub.ts';
import { startControlServer } from '../control/server.ts';
import type { KubeClient } from '../kube/client.ts';
import { electionMetrics } from '../kube/election-metrics.ts';
import { Elector } from '../kube/elector.ts';
import type { ElectionTimings } from '../kube/elector-timings.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import { FencedClient } from '../kube/fenced-client.ts';
import type { Manifest } from '../kube/resource.ts';
import { aborted } from '../lib/aborted.ts';
import type { Clock } from '../lib/clock.ts';
import { errorMessage, type TenantBotError } from '../lib/errors.ts';
import type { Random } from '../lib/random.ts';
import { runTogether } from '../lib/run-together.ts';
import type { Tracing } from '../lib/tracing.ts';
import { startHealthServer } from '../telemetry/health-server.ts';
import type { Log } from '../telemetry/log.ts';
import { leaderAdmin } from './admin-api/leader-admin.ts';
import { adminNames, type ClusterAdminOptions, serveAdmin } from './admin-api/serve-admin.ts';
import { Authority } from './channel/authority.ts';
import { shardAuthenticator } from './channel/shard-authenticator.ts';
import { ClusterCaches } from './cluster-caches.ts';
import { registerFleetMetrics } from './fleet-metrics.ts';
import type { OpenHistory } from './leader-history.ts';
import { Leadership, makeLeaderMetrics } from './leadership.ts';
import { preflight } from './preflight/preflight.ts';
import { LEADER_LEASE, rightsFor } from './rights.ts';

/** How one replica of the operator is started. */
export interface OperatorOptions {
  readonly client: KubeClient;
  /** Takes the metrics. */
  readonly registry: Registry;
  /** The operator's own namespace: fleets and their pods live there. */
  readonly namespace: string;
  /** Names this replica among the others. */
  readonly podName: string;
  /** Where bots may live; all namespaces where undefined. */
  readonly botNamespaces: readonly string[] | undefined;
  readonly watchSecrets: boolean;
  /** BotFleets that the leader applies when it begins. */
  readonly defaultFleets: readonly Manifest[];
  /** Of runtime pods, where their fleet says nothing. */
  readonly image: string;
  readonly imagePullPolicy: string;
  /** Further settings of runtimes, as environment variables. */
  readonly runtimeEnv?: Readonly<Record<string, string>>;
  /** The Service that leads runtime pods to the leader, and its port. */
  readonly controlService: string;
  readonly controlPort: number;
  readonly healthPort: number;
  /** The admin API is not served unless given. */
  readonly admin?: ClusterAdminOptions | undefined;
  /** Where a history is to be kept. */
  readonly openHistory: OpenHistory | undefined;
  readonly timings: ElectionTimings;
  /** Where traces begin; nothing is traced without it. */
  readonly tracing?: Tracing | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ends the process at once. */
  readonly exit: () => never;
}

/** A reconcile that takes longer than this is stuck: the probe fails and the pod is restarted. */
const STUCK_MS = 5 * 60_000;

/**
 * One replica of the operator: keeps its caches warm, serves runtimes, and campaigns for the lease;
 * the one that holds it runs the controllers. Refuses to start, in words, on a cluster that lacks
 * what it needs. Resolves within 5 s of `signal`, with the lease released; rejects with `LEASE_LOST`
 * when it has led and was cut off, after the work of a leader has ended.
 */
export async function runOperator(options: OperatorOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, log, namespace, registry } = options;
  await preflight(
    client,
    {
      rights: rightsFor(options),
      places: { ownNamespace: namespace, botNamespaces: options.botNamespaces },
    },
    { signal },
  );
  const caches = new ClusterCaches(options);
  registerFleetMetrics(registry, caches.fleets);
  const authority: Authority = await Authority.open(
    {
      client,
      namespace,
      names: [...controlNames(options), ...ownAdminNames(options)],
      isLeader: () => elector.isLeader(),
      clock,
      log,
    },
    signal,
  );
  const leaderMetrics = makeLeaderMetrics(registry);
  let leadership: Leadership | undefined;
  const elector: Elector = new Elector({
    client,
    namespace,
    name: LEADER_LEASE,
    watched: caches.leases,
    identity: options.podName,
    timings: options.timings,
    metrics: electionMetrics(registry)(LEADER_LEASE),
    clock,
    random: options.random,
    log,
    exit: (error: TenantBotError) => {
      log.fatal(errorMessage(error));
      options.exit();
    },
    lead: async (leading, term) => {
      const fenced = new FencedClient(client, elector.fence);
      const source = { controller: 'tenantbot.dev/operator', instance: options.podName };
      leadership = new Leadership({
        ...options,
        client: fenced,
        caches,
        recorder: new EventRecorder({ client: fenced, clock, log, source }),
        authority,
        term,
        isLeader: () => elector.isLeader(),
        metrics: leaderMetrics,
      });
      try {
        await leadership.start(leading);
      } finally {
        leadership = undefined;
      }
    },
  });
  const serveAdminTo = async (signal: AbortSignal): Promise<void> => {
    const { admin } = options;
    if (!admin) return aborted(signal);
    const [leaderHost] = controlNames(options);
    const surroundings = {
      ...options,
      caches,
      isLeader: () => elector.isLeader(),
      retries: () => hub()?.retries,
      askLeader: leaderAdmin({
        url: `https://${leaderHost}:${admin.port}`,
        ca: () => authority.bundle,
      }),
      leaderHost,
      ownCertificate: () => authority.material.leaf,
    };
    await serve(signal, () => serveAdmin(admin, surroundings));
  };
  const hub = (): ShardHub | undefined => (elector.isLeader() ? leadership?.hub : undefined);

  await runTogether(signal, [
    (signal) => caches.start(signal),
    (signal) => authority.start(signal),
    (signal) =>
      serve(signal, () =>
        startHealthServer({
          port: options.healthPort,
          registry,
          live: { reconciles: () => stuckReconciles(leadership) },
          ready: {
            caches: () => (caches.synced ? undefined : 'the first lists are not complete yet'),
          },
        }),
      ),
    async (signal) => {
      await caches.waitForSync(signal);
      await runTogether(signal, [
        (signal) =>
          serve(signal, () =>
            startControlServer({
              host: '::',
              port: options.controlPort,
              hub,
              holder: () => elector.holder(),
              history: () => (elector.isLeader() ? leadership?.history : undefined),
              authenticate: shardAuthenticator({ client, pods: caches.pods, namespace, clock }),
              certificate: () => authority.material.leaf,
              tracing: options.tracing,
              clock,
              log,
            }),
          ),
        (signal) => elector.start(signal),
        (signal) => serveAdminTo(signal),
      ]);
    },
  ]);
}

function stuckReconciles(leadership: Leadership | undefined): string | undefined {
  const stuck = leadership?.stuckFor(STUCK_MS) ?? [];
  if (stuck.length === 0) return undefined;
  return `the work on ${stuck.slice(0, 3).join(', ')} does not end; a restart helps`;
}

/** What runtimes may call the leader by. */
function controlNames({
  controlService,
  namespace,
}: OperatorOptions): readonly [string, ...string[]] {
  const name = `${controlService}.${namespace}.svc`;
  return [name, `${name}.cluster.local`];
}

/** What the admin API is called by, where the operator's authority vouches for it. */
function ownAdminNames({ admin, namespace }: OperatorOptions): readonly string[] {
  return admin && !admin.certificate ? adminNames(admin.service, namespace) : [];
}

/** Keeps a server up until `signal` aborts. */
async function serve(
  signal: AbortSignal,
  start: () => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  const server = await start();
  await aborted(signal);
  await server.close();
}
