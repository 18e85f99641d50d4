import type { Registry } from 'prom-client';
import { Cache, type CacheOptions } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import { LEASES } from '../kube/elector-record.ts';
import type { Lister } from '../kube/lister.ts';
import { MergedLister } from '../kube/merged-lister.ts';
import { Reflector, type ReflectorScope } from '../kube/reflector.ts';
import { type ReflectorMetrics, reflectorMetrics } from '../kube/reflector-metrics.ts';
import type { KubeObject, Resource } from '../kube/resource.ts';
import {
  CONFIG_MAPS,
  type KubeSecret,
  NAMESPACES,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from '../kube/well-known.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { Log } from '../telemetry/log.ts';
import { BOT_INDEXES } from './bot/bot-indexes.ts';
import type { BotIndex } from './bot/fleet-directory.ts';
import { type StoredBot, TENANT_BOTS } from './bot/stored-bot.ts';
import { BOT_FLEETS } from './fleet/stored-fleet.ts';
import { PART_OF } from './names.ts';
import { LEADER_LEASE } from './rights.ts';

export interface ClusterCachesOptions {
  readonly client: KubeClient;
  /** The operator's own. */
  readonly namespace: string;
  /** Where bots may live; all namespaces where undefined. */
  readonly botNamespaces: readonly string[] | undefined;
  readonly watchSecrets: boolean;
  /** Takes the metrics of the reflectors. */
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * What the operator knows of the cluster, on the leader and on those that stand by: every kind that
 * it decides by, kept up to date by a watch each.
 */
export class ClusterCaches {
  readonly bots: Lister<StoredBot, BotIndex>;
  readonly secrets: Lister<KubeSecret> | undefined;
  readonly namespaces: Lister<KubeObject>;
  readonly fleets;
  readonly pods;
  readonly statefulSets;
  readonly services;
  readonly serviceAccounts;
  readonly configMaps;
  readonly podDisruptionBudgets;
  readonly networkPolicies;
  /** The leader's alone. */
  readonly leases;
  readonly #options: ClusterCachesOptions;
  /** By namespace; all bots under '' where one cache has them all. */
  readonly #bots: ReadonlyMap<string, Cache<StoredBot, BotIndex>>;
  readonly #metrics: (name: string) => ReflectorMetrics;
  readonly #caches: Cache<KubeObject>[] = [];
  readonly #reflectors: Reflector<KubeObject>[] = [];

  constructor(options: ClusterCachesOptions) {
    this.#options = options;
    this.#metrics = reflectorMetrics(options.registry);
    const { watchSecrets, namespace } = options;
    const own = { namespace };
    const ours = { namespace, labelSelector: PART_OF };
    this.#bots = this.#whereBotsLive(TENANT_BOTS, BOT_INDEXES);
    this.bots = merged(this.#bots);
    this.secrets = watchSecrets ? merged(this.#whereBotsLive(SECRETS, {})) : undefined;
    this.namespaces = this.#reflect(NAMESPACES, { metadataOnly: true });
    this.fleets = this.#reflect(BOT_FLEETS, own);
    this.pods = this.#reflect(PODS, ours);
    this.statefulSets = this.#reflect(STATEFUL_SETS, ours);
    this.services = this.#reflect(SERVICES, ours);
    this.serviceAccounts = this.#reflect(SERVICE_ACCOUNTS, ours);
    this.configMaps = this.#reflect(CONFIG_MAPS, ours);
    this.podDisruptionBudgets = this.#reflect(POD_DISRUPTION_BUDGETS, ours);
    this.networkPolicies = this.#reflect(NETWORK_POLICIES, ours);
    // By this selector alone may somebody list and watch who has a right to one name only.
    this.leases = this.#reflect(LEASES, { ...own, fieldSelector: `metadata.name=${LEADER_LEASE}` });
  }

  /** Keeps all caches up to date until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.start(signal)));
  }

  /** Resolves once each cache has read its first list. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#caches.map((cache) => cache.waitForSync(signal)));
  }

  get synced(): boolean {
    return this.#caches.every(({ synced }) => synced);
  }

  /** Takes over a TenantBot as the API server has just answered it, ahead of the watch. */
  observeBot(bot: StoredBot): void {
    (this.#bots.get('') ?? this.#bots.get(bot.metadata.namespace ?? ''))?.observe(bot);
  }

  #whereBotsLive<T extends KubeObject, IndexName extends string>(
    resource: Resource<T>,
    indexes: NonNullable<CacheOptions<T, IndexName>['indexes']>,
  ): Map<string, Cache<T, IndexName>> {
    const { botNamespaces } = this.#options;
    if (!botNamespaces) return new Map([['', this.#reflect(resource, {}, indexes)]]);
    return new Map(
      botNamespaces.map((namespace) => [
        namespace,
        this.#reflect(resource, { namespace }, indexes),
      ]),
    );
  }

  #reflect<T extends KubeObject, IndexName extends string = never>(
    resource: Resource<T>,
    scope: ReflectorScope,
    indexes?: CacheOptions<T, IndexName>['indexes'],
  ): Cache<T, IndexName> {
    const { client, clock, random, log } = this.#options;
    const cache = new Cache<T, IndexName>({
      log,
      transform: withoutManagedFields,
      ...(indexes && { indexes }),
    });
    const { namespace } = scope;
    const name = namespace === undefined ? resource.plural : `${namespace}/${resource.plural}`;
    const metrics = this.#metrics(name);
    const reflector = new Reflector<T>({
      client,
      resource,
      scope,
      cache,
      clock,
      random,
      log,
      metrics,
    });
    this.#caches.push(cache as unknown as Cache<KubeObject>);
    this.#reflectors.push(reflector as unknown as Reflector<KubeObject>);
    return cache;
  }
}

function merged<T extends KubeObject, IndexName extends string>(
  caches: ReadonlyMap<string, Cache<T, IndexName>>,
): Lister<T, IndexName> {
  return caches.get('') ?? new MergedLister(caches);
}

/** They make up half of an object, and nothing here reads them. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, managedFields: undefined } };
}
