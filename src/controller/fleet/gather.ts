import type { BotFleetStatus } from '../../api/bot-fleet.ts';
import type { FleetRates } from '../../api/fleet-rates.ts';
import type { HistoryAvailability } from '../../api/history-availability.ts';
import type { Lister } from '../../kube/lister.ts';
import { type KubeObject, objectKey } from '../../kube/resource.ts';
import type { Pod, StatefulSet } from '../../kube/well-known.ts';
import type { StoredBot } from '../bot/stored-bot.ts';
import { fleetObjectName, webhookServiceName } from '../names.ts';
import { judgeBots } from './canary.ts';
import { type Census, takeCensus } from './census.ts';
import type { FleetObjects } from './objects/fleet-objects.ts';
import type { CanaryHealth } from './rollout.ts';
import { renewalTrouble } from './shard-facts.ts';
import {
  type FleetSpecReading,
  readFleetSpec,
  readFleetStatus,
  type StoredFleet,
} from './stored-fleet.ts';

/** The caches that a fleet's fate is read from, all of the operator's namespace but the bots. */
export interface FleetListers {
  readonly fleets: Lister<StoredFleet>;
  /** `fleet` files a bot under the fleet that it names. */
  readonly bots: Lister<StoredBot, 'fleet'>;
  readonly pods: Lister<Pod>;
  readonly serviceAccounts: Lister<KubeObject>;
  readonly configMaps: Lister<KubeObject>;
  readonly services: Lister<KubeObject>;
  readonly networkPolicies: Lister<KubeObject>;
  readonly podDisruptionBudgets: Lister<KubeObject>;
  readonly statefulSets: Lister<StatefulSet>;
}

/** The objects of a fleet as they are. */
export type LiveObjects = {
  readonly [Kind in keyof FleetObjects]-?:
    | (Kind extends 'StatefulSet' ? StatefulSet : KubeObject)
    | undefined;
};

/** All that was read of one fleet. */
export interface GatheredFleet {
  readonly object: StoredFleet;
  readonly reading: FleetSpecReading;
  readonly status: BotFleetStatus | undefined;
  readonly census: Census;
  /** By ordinal: the places that the leader has given away, written or not. */
  readonly reserved: ReadonlyMap<number, number>;
  /** Ordinals whose bots go to other shards without waiting for theirs. */
  readonly lost: ReadonlySet<number>;
  /** How its limits are handed out; undefined where that is not known. */
  readonly rates: FleetRates | undefined;
  readonly history: HistoryAvailability;
  readonly live: LiveObjects;
  /** The pod of a shard. */
  readonly podOf: (ordinal: number) => Pod | undefined;
  /** How the shard does that was renewed first. */
  readonly judgeCanary: (canary: number, sinceMs: number) => CanaryHealth;
}

/** Where {@link gather} reads. */
export interface FleetSources {
  readonly listers: FleetListers;
  /** The places that the leader has given away in a fleet, by ordinal. */
  readonly reserved: (fleet: string) => ReadonlyMap<number, number>;
  /** The shards of a fleet that are lost, by ordinal. */
  readonly lost: (fleet: string) => ReadonlySet<number>;
  /** How the limits of a fleet are handed out, where that is known. */
  readonly rates: (fleet: string) => FleetRates | undefined;
  /** Whether what happens to bots is kept. */
  readonly history: () => HistoryAvailability;
}

/** Reads all that the fleet's fate depends on. */
export function gather(
  object: StoredFleet,
  { listers, reserved, lost, rates, history }: FleetSources,
): GatheredFleet {
  const { name: fleet, namespace } = object.metadata;
  const name = fleetObjectName(fleet);
  const key = objectKey({ namespace, name });
  const bots = listers.bots.byIndex('fleet', fleet);
  const statefulSet = listers.statefulSets.get(key);
  const podOf = (ordinal: number) =>
    listers.pods.get(objectKey({ namespace, name: `${name}-${ordinal}` }));
  return {
    object,
    reading: readFleetSpec(object),
    status: readFleetStatus(object),
    census: takeCensus(fleet, bots),
    reserved: reserved(fleet),
    lost: lost(fleet),
    rates: rates(fleet),
    history: history(),
    live: {
      ServiceAccount: listers.serviceAccounts.get(key),
      ConfigMap: listers.configMaps.get(key),
      Service: listers.services.get(key),
      WebhookService: listers.services.get(
        objectKey({ namespace, name: webhookServiceName(fleet) }),
      ),
      NetworkPolicy: listers.networkPolicies.get(key),
      PodDisruptionBudget: listers.podDisruptionBudgets.get(key),
      StatefulSet: statefulSet,
    },
    podOf,
    judgeCanary: (canary, sinceMs) => {
      const message = renewalTrouble(podOf(canary), statefulSet);
      if (message !== undefined) return { kind: 'unwell', message };
      return judgeBots(fleet, bots, { canary, sinceMs });
    },
  };
}
