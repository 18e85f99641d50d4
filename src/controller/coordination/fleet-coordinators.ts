import { isDeepStrictEqual } from 'node:util';
import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { FleetRates } from '../../api/fleet-rates.ts';
import type { ShardHub } from '../../control/hub.ts';
import type { ShardId } from '../../control/shard-id.ts';
import { Coordinator, type CoordinatorState } from '../../coordinator/coordinator.ts';
import { ratesOf } from '../../coordinator/rates-of.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Lister } from '../../kube/lister.ts';
import { type KubeObject, objectKey } from '../../kube/resource.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { Log } from '../../telemetry/log.ts';
import type { FleetIdentity } from '../fleet/objects/fleet-meta.ts';
import { FLEET_LABEL, fleetObjectName } from '../names.ts';
import { grantConfigMap } from './grant-config-map.ts';

/** What {@link FleetCoordinators} work with. */
export interface FleetCoordinatorsOptions {
  readonly client: KubeClient;
  readonly hub: ShardHub;
  /** Pods of the operator's namespace. */
  readonly pods: Pick<Lister<KubeObject>, 'get' | 'list'>;
  readonly isLeader: () => boolean;
  /** The weights together of the bots of a shard: what it counts for among those of its fleet. */
  readonly loadOf: (shard: ShardId) => number;
  /** The table of a fleet was written. */
  readonly onWrite: (fleet: string) => void;
  /** Other rates are to be had of {@link FleetCoordinators.rates}. */
  readonly onRates: (fleet: string) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface Coordinated {
  readonly identity: FleetIdentity;
  readonly coordinator: Coordinator;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  rates: FleetRates | undefined;
}

/** Rates are looked at so often: whoever reads them in a status does not care for seconds. */
const LOOK_MS = 10_000;

/** A coordinator for each fleet, for one time of leading. */
export class FleetCoordinators {
  readonly #options: FleetCoordinatorsOptions;
  readonly #fleets = new Map<string, Coordinated>();

  constructor(options: FleetCoordinatorsOptions) {
    this.#options = options;
  }

  /** The fleet is to keep to these limits from now on. */
  set(identity: FleetIdentity, { rateLimits }: Pick<BotFleetSpec, 'rateLimits'>): void {
    const known = this.#fleets.get(identity.name);
    if (known && known.identity.uid !== identity.uid) this.remove(identity.name);
    const { coordinator } = this.#fleets.get(identity.name) ?? this.#begin(identity);
    coordinator.setLimits(rateLimits);
  }

  /** The fleet is no more. */
  remove(fleet: string): void {
    this.#fleets.get(fleet)?.stop.abort();
    this.#fleets.delete(fleet);
    this.#options.hub.setGranter(fleet, undefined);
  }

  /** How the fleet does; undefined where nothing is known of it. */
  state(fleet: string): CoordinatorState | undefined {
    return this.#fleets.get(fleet)?.coordinator.state();
  }

  /** How the limits of the fleet were handed out a moment ago; undefined where that is not known. */
  rates(fleet: string): FleetRates | undefined {
    return this.#fleets.get(fleet)?.rates;
  }

  /** The fleets that are known. */
  get fleets(): readonly string[] {
    return [...this.#fleets.keys()];
  }

  /** Coordinates until `signal` aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await sleep(clock, LOOK_MS, signal).catch(() => undefined);
      this.#look();
    }
    const all = [...this.#fleets.values()];
    for (const { stop } of all) stop.abort();
    await Promise.all(all.map(({ ended }) => ended));
  }

  #look(): void {
    for (const [fleet, coordinated] of this.#fleets) {
      const rates = ratesOf(coordinated.coordinator.state());
      if (isDeepStrictEqual(rates, coordinated.rates)) continue;
      coordinated.rates = rates;
      this.#options.onRates(fleet);
    }
  }

  #begin(identity: FleetIdentity): Coordinated {
    const { client, hub, isLeader, loadOf, onWrite, clock, random, log } = this.#options;
    const { name: fleet } = identity;
    const coordinator = new Coordinator({
      fleet,
      isLeader,
      clock,
      random,
      log,
      instance: hub.instance,
      store: grantConfigMap(client, identity),
      shards: () => this.#shardsOf(fleet),
      isGone: ({ shard, pod }) => this.#isGone(identity, shard, pod),
      wake: (ordinal) => hub.wake({ fleet, ordinal }),
      onWrite: () => onWrite(fleet),
      // One without bots is about to get some, and a weight of nothing would leave it nothing.
      weightOf: (ordinal) => Math.max(1, loadOf({ fleet, ordinal })),
    });
    const stop = new AbortController();
    const ended = coordinator.start(stop.signal);
    const begun = { identity, coordinator, stop, ended, rates: undefined };
    this.#fleets.set(fleet, begun);
    hub.setGranter(fleet, coordinator);
    return begun;
  }

  #shardsOf(fleet: string): readonly number[] {
    const prefix = `${fleetObjectName(fleet)}-`;
    return [...this.#options.pods.list()].flatMap(({ metadata: { name, labels } }) => {
      const ordinal = Number(name.slice(prefix.length));
      const isShard = labels?.[FLEET_LABEL] === fleet && name.startsWith(prefix);
      return isShard && Number.isInteger(ordinal) ? [ordinal] : [];
    });
  }

  #isGone({ name, namespace }: FleetIdentity, shard: number, uid: string): boolean {
    const key = objectKey({ namespace, name: `${fleetObjectName(name)}-${shard}` });
    const pod = this.#options.pods.get(key);
    return uid === '' ? pod === undefined : pod?.metadata.uid !== uid;
  }
}
