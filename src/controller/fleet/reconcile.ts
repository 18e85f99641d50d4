import type { BotFleetStatus } from '../../api/bot-fleet.ts';
import type { FleetRates } from '../../api/fleet-rates.ts';
import { botFleetStatus, fleetStatusChange } from '../../api/fleet-status.ts';
import type { HistoryAvailability } from '../../api/history-availability.ts';
import { isStatus } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { type ObjectEvent, referenceTo } from '../../kube/event-series.ts';
import { type ObjectKey, objectKey } from '../../kube/resource.ts';
import { type Clock, toTimestamp } from '../../lib/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { mergePatchBetween } from '../bot/merge-patch.ts';
import { FIELD_MANAGER, fleetObjectName } from '../names.ts';
import { type Applied, applyObjects } from './apply.ts';
import { decide, type FleetPlan } from './decide.ts';
import { eventsBetween } from './events.ts';
import { fleetFacts, PODS_MISSING_AFTER_MS } from './facts.ts';
import { type FleetListers, type GatheredFleet, gather } from './gather.ts';
import type { PodDefaults } from './objects/pod-template.ts';
import { BOT_FLEETS } from './stored-fleet.ts';

export interface FleetReconcilerOptions extends PodDefaults {
  readonly client: KubeClient;
  readonly listers: FleetListers;
  /** Certificates in PEM that the leader's own is checked against; asked at each reconcile. */
  readonly controlCa: () => string;
  /** The places that the leader has given away in a fleet, by ordinal: none of them is cut off. */
  readonly reserved: (fleet: string) => ReadonlyMap<number, number>;
  /** The shards of a fleet that are lost, by ordinal. */
  readonly lost: (fleet: string) => ReadonlySet<number>;
  /** How the limits of a fleet are handed out, where that is known. */
  readonly rates: (fleet: string) => FleetRates | undefined;
  /** Whether what happens to bots is kept. */
  readonly history: () => HistoryAvailability;
  /** Fleets elsewhere are left alone. */
  readonly operatorNamespace: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: { record(event: ObjectEvent): void };
}

/** Counts of bots are written this often at most; all else at once. */
const COUNTS_EVERY_MS = 1_000;
/** What is refused may be allowed later without anybody touching the fleet: a quota, a right. */
const REFUSED_AGAIN_MS = 30_000;
const CONFLICT_AGAIN_MS = 200;

/**
 * Keeps the objects of each BotFleet as its spec and its bots ask for, and its status as they are.
 * Puts back what others change or delete, leaves alone what it does not set, and writes nothing
 * where nothing differs. To be called whenever a fleet, one of its objects, pods or bots changes.
 */
export class FleetReconciler {
  readonly #options: FleetReconcilerOptions;
  /** When the status of each fleet was last written. Monotonic clock. */
  readonly #writtenMs = new Map<ObjectKey, number>();

  constructor(options: FleetReconcilerOptions) {
    this.#options = options;
  }

  /** One reconcile of the fleet `key`. Rejects where the API server could not be asked. */
  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult> {
    const { client, listers, operatorNamespace, controlCa } = this.#options;
    const object = listers.fleets.get(key);
    if (object?.metadata.namespace !== operatorNamespace) {
      this.#writtenMs.delete(key);
      return {};
    }
    const fleet = gather(object, this.#options);
    const plan = decide(
      fleet,
      { defaults: this.#options, controlCa: controlCa() },
      this.#options.clock.wallMs(),
    );
    if (plan.kind === 'leave') return {};
    const applied =
      plan.kind === 'build'
        ? await applyObjects(client, plan, fleet.live, signal)
        : untouched(fleet);
    this.#tellWritten(fleet, applied);
    const status = this.#statusOf(fleet, plan, applied);
    const next = await this.#writeStatus(fleet, status, signal);
    return plan.kind === 'build' ? sooner(next, plan.rollout.againMs) : next;
  }

  #statusOf(
    fleet: GatheredFleet,
    plan: Exclude<FleetPlan, { kind: 'leave' }>,
    applied: Applied,
  ): BotFleetStatus {
    const nowMs = this.#options.clock.wallMs();
    const facts = fleetFacts(fleet, plan, applied, nowMs);
    return botFleetStatus(facts, fleet.status, toTimestamp(nowMs));
  }

  /** Writes the status where it differs and may be written now; says when to come again. */
  async #writeStatus(
    fleet: GatheredFleet,
    status: BotFleetStatus,
    signal: AbortSignal,
  ): Promise<ReconcileResult> {
    const { client, clock } = this.#options;
    const { metadata } = fleet.object;
    const key = objectKey(metadata);
    const change = fleetStatusChange(fleet.status, status);
    if (change === 'None') return again(status);
    const dueMs = (this.#writtenMs.get(key) ?? -Infinity) + COUNTS_EVERY_MS - clock.monotonicMs();
    if (change === 'Activity' && dueMs > 0) return { requeueAfterMs: dueMs };
    const { uid, resourceVersion } = metadata;
    const patch = {
      metadata: { uid, resourceVersion },
      status: mergePatchBetween(fleet.object.status ?? {}, status),
    };
    try {
      await client.mergePatch(BOT_FLEETS, metadata, patch, {
        subresource: 'status',
        fieldManager: FIELD_MANAGER,
        priority: change === 'Activity' ? 'routine' : 'transition',
        signal,
      });
    } catch (error) {
      // The fleet has changed: the cache is about to say how.
      if (isStatus(error, 409)) return { requeueAfterMs: CONFLICT_AGAIN_MS };
      if (isStatus(error, 404)) return {};
      throw error;
    }
    this.#writtenMs.set(key, clock.monotonicMs());
    this.#tell(fleet, status);
    return again(status);
  }

  #tell({ object, status: before }: GatheredFleet, status: BotFleetStatus): void {
    const regarding = referenceTo(BOT_FLEETS, object);
    for (const event of eventsBetween(before, status)) {
      this.#options.events.record({ regarding, ...event });
    }
  }

  #tellWritten({ object }: GatheredFleet, { written, replaced }: Applied): void {
    const { log } = this.#options;
    if (written.length > 0) log.info({ fleet: object.metadata.name, written }, 'applied');
    if (replaced === undefined) return;
    const name = fleetObjectName(object.metadata.name);
    this.#options.events.record({
      regarding: referenceTo(BOT_FLEETS, object),
      type: 'Normal',
      reason: 'Replaced',
      action: 'Apply',
      note: `StatefulSet ${name} is made anew, since its ${replaced} can't be changed. Its pods go on.`,
    });
  }
}

function untouched({ live }: GatheredFleet): Applied {
  const { StatefulSet: statefulSet } = live;
  return { statefulSet, problem: undefined, waiting: false, written: [], replaced: undefined };
}

/** What no event will tell of. */
function again({ conditions = [] }: BotFleetStatus): ReconcileResult {
  const has = (type: string): boolean => conditions.some((condition) => condition.type === type);
  if (has('Stalled')) return { requeueAfterMs: REFUSED_AGAIN_MS };
  return has('Reconciling') ? { requeueAfterMs: PODS_MISSING_AFTER_MS } : {};
}

function sooner(result: ReconcileResult, againMs = Infinity): ReconcileResult {
  const requeueAfterMs = Math.min(result.requeueAfterMs ?? Infinity, againMs);
  return requeueAfterMs === Infinity ? result : { requeueAfterMs };
}
