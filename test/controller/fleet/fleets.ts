import type { BotFleetStatus } from '../../../src/api/bot-fleet.ts';
import type { FleetRates } from '../../../src/api/fleet-rates.ts';
import { NO_HISTORY } from '../../../src/api/history-availability.ts';
import type { StoredBot } from '../../../src/controller/bot/stored-bot.ts';
import { takeCensus } from '../../../src/controller/fleet/census.ts';
import type { FleetSettings } from '../../../src/controller/fleet/decide.ts';
import type { GatheredFleet, LiveObjects } from '../../../src/controller/fleet/gather.ts';
import { readFleetSpec, type StoredFleet } from '../../../src/controller/fleet/stored-fleet.ts';
import type { ObjectMeta } from '../../../src/kube/resource.ts';
import type { Pod } from '../../../src/kube/well-known.ts';

export const SETTINGS: FleetSettings = {
  defaults: {
    image: 'registry.example.com/tenantbot:1',
    imagePullPolicy: 'IfNotPresent',
    controlUrl: 'https://tenantbot-control.bots.svc:9443',
  },
  controlCa: 'certificates',
};

/** `metadata` as the API server gives it. */
export function meta(name: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    name,
    namespace: 'bots',
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...more,
  };
}

export function storedFleet(spec: object = {}, more: Partial<ObjectMeta> = {}): StoredFleet {
  return { metadata: meta('default', more), spec };
}

/** `count` bots that name the fleet and that nothing is known of. */
export function newBots(count: number): StoredBot[] {
  return Array.from({ length: count }, (_, index) => ({
    metadata: meta(`bot-${index}`),
    spec: { fleet: 'default' },
  }));
}

/** A bot with its place on a shard of `fleet`. */
export function placedBot(shard: number, fleet = 'default', suspended = false): StoredBot {
  const at = { lastTransitionTime: '2026-01-01T00:00:00Z', message: '' };
  return {
    metadata: meta(`bot-on-${shard}`),
    spec: { fleet: 'default', suspended },
    status: {
      observedGeneration: 1,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Running', ...at },
        { type: 'Placed', status: 'True', reason: 'Placed', ...at },
      ],
      placement: {
        fleet,
        shard,
        epoch: 1,
        since: '2026-01-01T00:00:00Z',
        ...(!suspended && { botId: 7 }),
      },
    },
  };
}

const NOTHING: LiveObjects = {
  ServiceAccount: undefined,
  ConfigMap: undefined,
  Service: undefined,
  WebhookService: undefined,
  NetworkPolicy: undefined,
  PodDisruptionBudget: undefined,
  StatefulSet: undefined,
};

export interface FleetParts {
  readonly object?: StoredFleet;
  readonly bots?: readonly StoredBot[];
  readonly reserved?: ReadonlyMap<number, number>;
  readonly lost?: ReadonlySet<number>;
  readonly rates?: FleetRates;
  readonly live?: Partial<LiveObjects>;
  readonly pods?: readonly (Pod | undefined)[];
  readonly status?: BotFleetStatus;
}

/** A fleet as it is gathered. */
export function gathered(parts: FleetParts = {}): GatheredFleet {
  const {
    object = storedFleet(),
    bots = [],
    reserved = new Map(),
    lost = new Set(),
    live,
    pods = [],
  } = parts;
  return {
    object,
    reading: readFleetSpec(object),
    status: parts.status,
    census: takeCensus('default', bots),
    reserved,
    lost,
    rates: parts.rates,
    history: NO_HISTORY,
    live: { ...NOTHING, ...live },
    podOf: (ordinal) => pods[ordinal],
    judgeCanary: () => ({ kind: 'well' }),
  };
}
