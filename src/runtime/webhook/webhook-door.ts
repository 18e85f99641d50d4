import { isDeepStrictEqual } from 'node:util';
import type { FleetWebhook } from '../../api/webhook.ts';
import type { WebhookRoutes } from './webhook-routes.ts';

/** Where this shard stands among those that share the fleet's address. */
export interface WebhookListener {
  readonly routes: WebhookRoutes;
  /** Of this shard; the first part of its bots' addresses. */
  readonly ordinal: number;
}

/** Who goes by the address that the fleet has. */
export interface DoorFollower {
  /** The fleet says something else from now on. */
  addressChanged(): void;
}

/**
 * What the bots of a shard know of the way in for webhooks: the address that the fleet has, and
 * whether anybody listens here. Both may change while bots run.
 */
export class WebhookDoor {
  /** Undefined where this runtime takes no webhooks. */
  readonly listener: WebhookListener | undefined;
  #fleet: FleetWebhook | undefined;
  #shownUrl: string | undefined;
  readonly #followers = new Set<DoorFollower>();

  constructor(listener: WebhookListener | undefined) {
    this.listener = listener;
  }

  /** What the fleet says; undefined where it has no address. */
  get fleet(): FleetWebhook | undefined {
    return this.#fleet;
  }

  /** Takes over what the fleet says now, and how many shards it has. */
  setFleet(fleet: FleetWebhook | undefined, shards: number): void {
    if (this.listener) this.listener.routes.shards = shards;
    if (isDeepStrictEqual(fleet, this.#fleet)) return;
    this.#fleet = fleet;
    this.#shownUrl = undefined;
    for (const follower of this.#followers) follower.addressChanged();
  }

  /** As much of its bots' addresses as people may see: one text for all of them. */
  get shownUrl(): string {
    const { fleet, listener } = this;
    if (fleet && listener) this.#shownUrl ??= webhookUrl(fleet, listener.ordinal, '…');
    return this.#shownUrl ?? '';
  }

  /** Tells `follower` of every change until {@link unfollow}. */
  follow(follower: DoorFollower): void {
    this.#followers.add(follower);
  }

  unfollow(follower: DoorFollower): void {
    this.#followers.delete(follower);
  }
}

/** The address of a bot with `key` on shard `ordinal`. */
export function webhookUrl({ publicUrl }: FleetWebhook, ordinal: number, key: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/${ordinal}/${key}`;
}
