import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { NO_HISTORY } from '../../../src/api/history-availability.ts';
import { ClusterCaches } from '../../../src/controller/cluster-caches.ts';
import { FleetReconciler } from '../../../src/controller/fleet/reconcile.ts';
import { BOT_FLEETS, type StoredFleet } from '../../../src/controller/fleet/stored-fleet.ts';
import { watchFleets } from '../../../src/controller/fleet/watch.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { Controller } from '../../../src/kube/controller.ts';
import type { ObjectEvent } from '../../../src/kube/event-series.ts';
import { RetryLimiter } from '../../../src/kube/rate-limiter.ts';
import type { KubeObject, ObjectRef, Resource } from '../../../src/kube/resource.ts';
import { PODS, type Pod } from '../../../src/kube/well-known.ts';
import { WorkQueue } from '../../../src/kube/work-queue.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { systemRandom as random } from '../../../src/lib/random.ts';
import { runTogether } from '../../../src/lib/run-together.ts';
import { makeNamespace } from '../../cluster/namespace.ts';
import { connect } from '../../kube/api-world.ts';
import { waitFor } from '../../support/wait.ts';
import { SETTINGS } from './fleets.ts';

/** A real API server with the fleets' controller at work in a namespace of its own. */
export interface FleetCluster extends AsyncDisposable {
  /** Somebody else's: an administrator, a test. */
  readonly client: KubeClient;
  readonly namespace: string;
  /** What the controller told of. */
  readonly events: readonly ObjectEvent[];
  /** Writes of the controller, as the API server has them in its books: `patch statefulsets`. */
  readonly writes: () => Promise<string[]>;
  /** Has the controller look at the fleet again, and waits until it has. */
  readonly reconcile: () => Promise<void>;
  /** Stops the controller, or lets it go on. */
  readonly pause: () => Promise<void>;
  readonly resume: () => void;
  readonly applyFleet: (spec?: object) => Promise<StoredFleet>;
  readonly fleet: () => Promise<StoredFleet>;
  /** Undefined where there is none. */
  readonly find: <T extends KubeObject>(resource: Resource<T>) => Promise<T | undefined>;
  /** Does the kubelet's part, which nobody else does here. */
  readonly setReady: (pods: readonly Pod[]) => Promise<void>;
  readonly pods: () => Promise<readonly Pod[]>;
}

export const NAME = 'tenantbot-default';

export async function fleetCluster(
  kubeconfig: string,
  auditLog: string | undefined,
): Promise<FleetCluster> {
  const stack = new AsyncDisposableStack();
  const { name: namespace } = stack.use(await makeNamespace(kubeconfig));
  const userAgent = `controller-of-${namespace}`;
  const client = stack.adopt(await connect(kubeconfig), (each) => each.close());
  const own = stack.adopt(await connect(kubeconfig, { userAgent }), (each) => each.close());
  const log = pino({ level: 'silent' });
  const key = `${namespace}/default`;
  const ref = (name: string): ObjectRef => ({ namespace, name });
  const events: ObjectEvent[] = [];
  const caches = new ClusterCaches({
    client: own,
    namespace,
    botNamespaces: [namespace],
    watchSecrets: false,
    registry: new Registry(),
    clock,
    random,
    log,
  });
  const reconciler = new FleetReconciler({
    ...SETTINGS.defaults,
    client: own,
    listers: caches,
    operatorNamespace: namespace,
    clock,
    log,
    controlCa: () => 'certificates',
    reserved: () => new Map(),
    lost: () => new Set(),
    rates: () => undefined,
    history: () => NO_HISTORY,
    events: { record: (event) => events.push(event) },
  });

  const stop = new AbortController();
  const caching = caches.start(stop.signal);
  await caches.waitForSync(stop.signal);
  let running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  const resume = (): void => {
    const queue = new WorkQueue({ clock, limiter: new RetryLimiter({ clock, random }) });
    const unsubscribe = watchFleets(caches, { namespace, onKey: (woken) => queue.add(woken) });
    queue.add(key);
    const controller = new Controller({
      name: 'botfleet',
      queue,
      clock,
      log,
      reconcile: (woken, signal) => reconciler.reconcile(woken, signal),
    });
    const controllerStop = new AbortController();
    const done = runTogether(controllerStop.signal, [(signal) => controller.start(signal)]);
    running = { stop: controllerStop, done: done.finally(unsubscribe) };
  };
  const pause = async (): Promise<void> => {
    running?.stop.abort();
    await running?.done;
    running = undefined;
  };
  resume();
  stack.defer(async () => {
    await pause();
    stop.abort();
    await caching;
  });

  return {
    client,
    namespace,
    events,
    pause,
    resume,
    writes: async () => (auditLog === undefined ? [] : writesOf(userAgent, auditLog)),
    reconcile: async () => {
      await pause();
      await reconciler.reconcile(key, stop.signal);
      resume();
    },
    applyFleet: (spec = {}) =>
      client.apply(
        BOT_FLEETS,
        {
          apiVersion: 'tenantbot.dev/v1alpha1',
          kind: 'BotFleet',
          metadata: { name: 'default', namespace },
          spec,
        },
        { fieldManager: 'admin', force: true },
      ),
    fleet: () => client.get(BOT_FLEETS, ref('default')),
    find: (resource) => client.get(resource, ref(NAME)).catch(() => undefined),
    setReady: async (pods) => {
      const conditions = [{ type: 'Ready', status: 'True' }];
      for (const { metadata } of pods) {
        await client.mergePatch(
          PODS,
          metadata,
          { status: { phase: 'Running', conditions } },
          {
            subresource: 'status',
          },
        );
      }
    },
    pods: async () => (await client.list(PODS, { namespace })).items,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface AuditEvent {
  readonly verb: string;
  readonly userAgent?: string;
  readonly stage: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
}

const READS = new Set(['get', 'list', 'watch']);

async function writesOf(userAgent: string, auditLog: string): Promise<string[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n').slice(0, -1);
  return lines
    .filter((line) => line.includes(userAgent))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ verb, stage }) => stage === 'ResponseComplete' && !READS.has(verb))
    .map(({ verb, objectRef: { resource, subresource } = {} }) =>
      [verb, [resource, subresource].filter(Boolean).join('/')].join(' '),
    );
}

/** The condition of that type, as `status/reason`. */
export function condition({ status }: StoredFleet, type: string): string | undefined {
  const { conditions = [] } = (status ?? {}) as {
    conditions?: { type: string; status: string; reason: string }[];
  };
  const found = conditions.find((each) => each.type === type);
  return found && `${found.status}/${found.reason}`;
}

/** Waits until the fleet's condition is as said. */
export function untilCondition(cluster: FleetCluster, type: string, wanted: string) {
  return waitFor(
    `${type}=${wanted}`,
    async () => {
      const fleet = await cluster.fleet();
      return condition(fleet, type) === wanted && fleet;
    },
    { timeoutMs: 20_000 },
  );
}
