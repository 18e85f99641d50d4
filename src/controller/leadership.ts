import type { Registry } from 'prom-client';
import type { HistorySink } from '../api/history-records.ts';
import { ShardHub } from '../control/hub.ts';
import { applyIfNeeded } from '../kube/apply-if-needed.ts';
import type { KubeClient } from '../kube/client.ts';
import { Controller, type ControllerMetrics, type ControllerOptions } from '../kube/controller.ts';
import { controllerMetrics } from '../kube/controller-metrics.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import { referenceTo } from '../kube/event-series.ts';
import { queueMetrics } from '../kube/queue-metrics.ts';
import { RetryLimiter } from '../kube/rate-limiter.ts';
import { type Manifest, type ObjectKey, objectKey } from '../kube/resource.ts';
import { type QueueMetrics, WorkQueue } from '../kube/work-queue.ts';
import { aborted } from '../lib/aborted.ts';
import { equalJitterMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import { type Random, randomToken } from '../lib/random.ts';
import { runTogether } from '../lib/run-together.ts';
import type { Tracing } from '../lib/tracing.ts';
import type { Move } from '../planner/fleet-state.ts';
import type { Log } from '../telemetry/log.ts';
import { type MoveMetrics, moveMetrics } from './bot/move-metrics.ts';
import { BotReconciler } from './bot/reconcile.ts';
import { TENANT_BOTS } from './bot/stored-bot.ts';
import type { Authority } from './channel/authority.ts';
import type { ClusterCaches } from './cluster-caches.ts';
import { FleetCoordinators } from './coordination/fleet-coordinators.ts';
import { GrantMetrics } from './coordination/grant-metrics.ts';
import { movesEvent } from './fleet/events.ts';
import { FleetReconciler } from './fleet/reconcile.ts';
import {
  BOT_FLEETS,
  readFleetSpec,
  readFleetStatus,
  type StoredFleet,
} from './fleet/stored-fleet.ts';
import { watchFleets } from './fleet/watch.ts';
import { Historian } from './historian.ts';
import type { OpenHistory } from './leader-history.ts';
import { keepLeaderMarked } from './leader-label.ts';
import { APPLIED_HASH } from './names.ts';
import { SecretReader } from './secrets/secret-reader.ts';

/** Bots that are worked on at once: most of the time each waits for the API server. */
const BOT_CONCURRENCY = 32;
const FLEET_CONCURRENCY = 4;
const AGAIN = { initialMs: 500, maxMs: 30_000 };
/** Port of the Service, whatever the pods listen on. */
const CONTROL_PORT = 9443;
/** Field manager of the fleets that come with an installation. */
const INSTALLATION = 'tenantbot-installation';

/** The metrics of the controllers; made once in the life of a process. */
export interface LeaderMetrics {
  readonly queue: (name: string) => QueueMetrics;
  readonly controller: (name: string) => ControllerMetrics;
  readonly moves: MoveMetrics;
  readonly grants: GrantMetrics;
}

/** {@link LeaderMetrics} in `registry`. */
export function makeLeaderMetrics(registry: Registry): LeaderMetrics {
  return {
    queue: queueMetrics(registry),
    controller: controllerMetrics(registry),
    moves: moveMetrics(registry),
    grants: new GrantMetrics(registry),
  };
}

export interface LeadershipOptions {
  /** Must not write once the lease is lost. */
  readonly client: KubeClient;
  readonly caches: ClusterCaches;
  readonly recorder: EventRecorder;
  readonly authority: Authority;
  readonly metrics: LeaderMetrics;
  readonly namespace: string;
  readonly podName: string;
  readonly botNamespaces: readonly string[] | undefined;
  readonly defaultFleets: readonly Manifest[];
  readonly image: string;
  readonly imagePullPolicy: string;
  /** Further settings of runtimes, as environment variables. */
  readonly runtimeEnv?: Readonly<Record<string, string>>;
  readonly controlService: string;
  /** Whether this process leads, at this very moment. */
  readonly isLeader: () => boolean;
  /** Which time of leading this is. */
  readonly term: number;
  /** Where a history is to be kept. */
  readonly openHistory: OpenHistory | undefined;
  /** Where traces begin; nothing is traced without it. */
  readonly tracing?: Tracing | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * One time of leading: the controllers, and the hub that runtimes are served from. What it knows
 * beyond what is stored begins with it and ends with it.
 */
export class Leadership {
  readonly hub: ShardHub;
  readonly #options: LeadershipOptions;
  readonly #botQueue: WorkQueue;
  readonly #fleetQueue: WorkQueue;
  readonly #bots: BotReconciler;
  readonly #coordinators: FleetCoordinators;
  readonly #controllers: readonly Controller[];
  readonly #historian: Historian;

  constructor(options: LeadershipOptions) {
    const { client, caches, clock, random, recorder, podName, term, namespace } = options;
    this.#options = options;
    this.hub = new ShardHub({ clock, instance: `${podName}-${term}-${randomToken(6)}` });
    this.#coordinators = new FleetCoordinators({
      ...options,
      hub: this.hub,
      pods: caches.pods,
      loadOf: (shard) => this.#bots.load(shard),
      onRates: (fleet) => this.#fleetQueue.add(objectKey({ namespace, name: fleet })),
      onWrite: (fleet) => options.metrics.grants.written(fleet),
    });
    this.#historian = new Historian({
      ...options,
      bots: caches.bots,
      onAvailability: () => this.#reconcileFleets(),
    });
    this.#botQueue = this.#queue('tenantbot');
    this.#fleetQueue = this.#queue('botfleet');
    this.#bots = new BotReconciler({
      client,
      listers: caches,
      secrets: new SecretReader({ client, ...(caches.secrets && { watched: caches.secrets }) }),
      shards: this.hub,
      queue: this.#botQueue,
      observe: (bot) => caches.observeBot(bot),
      event: (bot, event) =>
        recorder.record({ regarding: referenceTo(TENANT_BOTS, bot), ...event }),
      warn: (message) => options.log.warn(message),
      onSize: (fleet) => this.#fleetQueue.add(objectKey({ namespace, name: fleet })),
      onMoves: (fleet, moves, pending) => this.#tellMoves(fleet, moves, pending),
      moveMetrics: options.metrics.moves,
      lastKnown: (uid) => this.#historian.lastKnown(uid),
      clock,
      random,
      namespace,
      botNamespaces: options.botNamespaces,
    });
    const fleets = this.#fleetReconciler();
    this.#controllers = [
      this.#controller('tenantbot', this.#botQueue, {
        reconcile: (key, signal) => this.#bots.reconcile(key, signal),
        concurrency: BOT_CONCURRENCY,
      }),
      this.#controller('botfleet', this.#fleetQueue, {
        reconcile: (key, signal) => fleets.reconcile(key, signal),
        concurrency: FLEET_CONCURRENCY,
      }),
    ];
  }

  /** Leads until `signal` aborts; resolves when the last reconcile has ended. */
  async start(signal: AbortSignal): Promise<void> {
    const { authority, caches, recorder, log } = this.#options;
    const unsubscribes = [
      caches.fleets.subscribe(({ before, after }) => {
        if (after) this.#tellShards(after);
        else if (before) this.#coordinators.remove(before.metadata.name);
      }),
      watchFleets(caches, {
        namespace: this.#options.namespace,
        onKey: (key) => this.#fleetQueue.add(key),
      }),
      authority.subscribe(() => this.#reconcileFleets()),
    ];
    for (const fleet of caches.fleets.list()) this.#tellShards(fleet);
    this.#reconcileFleets();
    const unmeter = this.#options.metrics.grants.track(this.#coordinators);
    try {
      await runTogether(signal, [
        (signal) => recorder.start(signal),
        (signal) => this.#bots.start(signal),
        ...this.#controllers.map((controller) => (signal: AbortSignal) => controller.start(signal)),
        (signal) => keepLeaderMarked({ ...this.#options, pods: caches.pods }, signal),
        (signal) => this.#applyFleets(signal),
        (signal) => this.#coordinators.start(signal),
        (signal) => this.#historian.start(signal),
      ]);
    } finally {
      unmeter();
      for (const unsubscribe of unsubscribes) unsubscribe();
      this.hub.close();
      log.info('leads no more');
    }
  }

  /** Who keeps what runtimes tell of their bots; undefined where nobody does. */
  get history(): HistorySink | undefined {
    return this.#historian.sink;
  }

  /** Keys whose reconcile has been running for longer than `ms`. */
  stuckFor(ms: number): readonly ObjectKey[] {
    return this.#controllers.flatMap((controller) => controller.stuckFor(ms));
  }

  /** Applies the fleets of the installation, once. */
  async #applyFleets(signal: AbortSignal): Promise<void> {
    for (const fleet of this.#options.defaultFleets) {
      const what = `applying the fleet "${fleet.metadata.name}" of this installation`;
      await this.#insist(what, () => this.#applyFleet(fleet, signal), signal);
    }
    await aborted(signal);
  }

  /** Does `work`, as often as it takes; says each time why it has failed. */
  async #insist(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return;
        log.error({ error: errorMessage(error) }, `${what} failed; it is tried again`);
      }
      await sleep(clock, equalJitterMs(AGAIN, attempt, random), signal).catch(() => undefined);
    }
  }

  async #applyFleet(desired: Manifest, signal: AbortSignal): Promise<void> {
    const { client, caches, namespace } = this.#options;
    const live = caches.fleets.get(objectKey({ namespace, name: desired.metadata.name ?? '' }));
    await applyIfNeeded(client, BOT_FLEETS, {
      desired,
      live,
      hashAnnotation: APPLIED_HASH,
      // Not the controllers' own manager: what an installation wants and what is kept in step with
      // it must be told apart.
      fieldManager: INSTALLATION,
      force: true,
      signal,
    });
  }

  #tellShards(fleet: StoredFleet): void {
    const reading = readFleetSpec(fleet);
    if (reading.kind !== 'ok') return;
    const { minShards } = reading.spec.sharding;
    const shards = Math.max(minShards, readFleetStatus(fleet)?.shards ?? 0);
    const { name, namespace = '', uid } = fleet.metadata;
    this.hub.setFleet(name, { fleet: reading.spec, shards });
    this.#coordinators.set({ name, namespace, uid }, reading.spec);
  }

  #tellMoves(name: string, moves: readonly Move[], pending: number): void {
    const { caches, recorder, namespace } = this.#options;
    const fleet = caches.fleets.get(objectKey({ namespace, name }));
    if (!fleet) return;
    recorder.record({ regarding: referenceTo(BOT_FLEETS, fleet), ...movesEvent(moves, pending) });
  }

  #reconcileFleets(): void {
    for (const { metadata } of this.#options.caches.fleets.list()) {
      this.#fleetQueue.add(objectKey(metadata));
    }
  }

  #fleetReconciler(): FleetReconciler {
    const { caches, authority, recorder, namespace, controlService } = this.#options;
    return new FleetReconciler({
      ...this.#options,
      listers: caches,
      controlUrl: `https://${controlService}.${namespace}.svc:${CONTROL_PORT}`,
      controlCa: () => authority.bundle,
      reserved: (fleet) => this.#bots.reserved(fleet),
      lost: (fleet) => this.#bots.lost(fleet),
      rates: (fleet) => this.#coordinators.rates(fleet),
      history: () => this.#historian.availability(),
      operatorNamespace: namespace,
      events: recorder,
    });
  }

  #queue(name: string): WorkQueue {
    const { clock, random, metrics } = this.#options;
    const limiter = new RetryLimiter({ clock, random });
    return new WorkQueue({ clock, limiter, metrics: metrics.queue(name) });
  }

  #controller(
    name: string,
    queue: WorkQueue,
    work: Pick<ControllerOptions, 'reconcile' | 'concurrency'>,
  ): Controller {
    const { clock, log, metrics, tracing } = this.#options;
    return new Controller({
      name,
      queue,
      ...work,
      clock,
      log,
      metrics: metrics.controller(name),
      tracing,
    });
  }
}
