import { isDeepStrictEqual } from 'node:util';
import type { BotFacts } from '../../api/bot-facts.ts';
import { statusChange, tenantBotStatus } from '../../api/bot-status.ts';
import type { TenantBotStatus } from '../../api/tenant-bot-status.ts';
import type { KubeClient } from '../../kube/client.ts';
import { addFinalizer, removeFinalizer } from '../../kube/finalizers.ts';
import { type Clock, toTimestamp } from '../../lib/clock.ts';
import { FIELD_MANAGER } from '../names.ts';
import { type BotEvent, eventsBetween } from './events.ts';
import { mergePatchBetween } from './merge-patch.ts';
import type { BotRecord } from './roster.ts';
import { DRAIN_FINALIZER, type StoredBot, TENANT_BOTS } from './stored-bot.ts';

/** A change that can wait is written this long after the last write, at the earliest. */
const ACTIVITY_EVERY_MS = 60_000;

export interface BotWriterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Takes what the API server has answered, so that the cache does not lag behind. */
  readonly observe: (object: StoredBot) => void;
  readonly event: (object: StoredBot, event: BotEvent) => void;
}

/** The object as it is now, and when a change that has to wait is due, in ms from now. */
export interface StatusWrite {
  readonly latest: StoredBot;
  readonly activityMs: number;
}

/** Writes to one TenantBot, each time on what was read: never over somebody else's change. */
export class BotWriter {
  readonly #options: BotWriterOptions;

  constructor(options: BotWriterOptions) {
    this.#options = options;
  }

  /**
   * Sees to it that the object can't go without the bot having been drained. Resolves to the object
   * as it is then; undefined where that is too late, or where it has changed meanwhile: then the
   * cache will tell.
   */
  async hold(object: StoredBot, record: BotRecord, signal: AbortSignal) {
    if (hasDrainFinalizer(object)) return object;
    const held = await addFinalizer(this.#options.client, TENANT_BOTS, {
      object,
      finalizer: DRAIN_FINALIZER,
      fieldManager: FIELD_MANAGER,
      signal,
    });
    if (!held) return undefined;
    const { metadata, status } = object;
    if (
      held.metadata.generation === metadata.generation &&
      isDeepStrictEqual(held.status, status)
    ) {
      this.#wrote(held, record);
      return held;
    }
    this.#options.observe(held);
    return undefined;
  }

  /** Lets the object go, as far as this program is concerned. */
  async letGo(object: StoredBot, record: BotRecord, signal: AbortSignal): Promise<void> {
    if (!hasDrainFinalizer(object)) return;
    const left = await removeFinalizer(this.#options.client, TENANT_BOTS, {
      object,
      finalizer: DRAIN_FINALIZER,
      fieldManager: FIELD_MANAGER,
      signal,
    });
    // An object without any finalizer is gone: the answer is the last that was seen of it.
    if (left && (left.metadata.finalizers ?? []).length > 0) this.#wrote(left, record);
  }

  /**
   * Brings the stored status in line with `facts`: at once where a reader would care, else at most
   * once a minute, never where nothing differs. Rejects with a conflict where the object is not the newest.
   */
  async writeStatus(
    object: StoredBot,
    { facts, record }: { readonly facts: BotFacts; readonly record: BotRecord },
    signal: AbortSignal,
  ): Promise<StatusWrite> {
    const { clock } = this.#options;
    const stored = object.status as TenantBotStatus | undefined;
    const next = tenantBotStatus(facts, record.status, toTimestamp(clock.wallMs()));
    const change = statusChange(stored, next);
    if (change === 'None') {
      record.status = stored;
      return { latest: object, activityMs: Infinity };
    }
    const dueMs = record.activityDueMs - clock.monotonicMs();
    if (change === 'Activity' && dueMs > 0) return { latest: object, activityMs: dueMs };
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const patch = {
      metadata: { uid, resourceVersion },
      status: mergePatchBetween(stored ?? {}, next),
    };
    const written = await this.#options.client.mergePatch(TENANT_BOTS, { namespace, name }, patch, {
      subresource: 'status',
      fieldManager: FIELD_MANAGER,
      priority: change === 'Activity' ? 'routine' : 'transition',
      signal,
    });
    const before = record.status;
    record.status = next;
    record.activityDueMs = clock.monotonicMs() + ACTIVITY_EVERY_MS;
    this.#wrote(written, record);
    for (const event of eventsBetween(before, next)) this.#options.event(object, event);
    return { latest: written, activityMs: Infinity };
  }

  #wrote(object: StoredBot, record: BotRecord): void {
    record.version = object.metadata.resourceVersion;
    this.#options.observe(object);
  }
}

function hasDrainFinalizer({ metadata }: StoredBot): boolean {
  return metadata.finalizers?.includes(DRAIN_FINALIZER) ?? false;
}
