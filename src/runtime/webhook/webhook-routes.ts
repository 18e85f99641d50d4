import { timingSafeEqual } from 'node:crypto';
import type { Update } from 'grammy/types';

/** What became of an update: done with for good, or to be sent again. */
export type Receipt = 'finished' | 'later';

/** Takes one bot's updates. */
export interface Receiver {
  /** Never rejects. */
  receive(update: Update): Promise<Receipt>;
}

interface Route {
  readonly secret: string;
  readonly receiver: Receiver;
}

/** Which bot an update is for, by the key in its address. Shared by server and bots. */
export class WebhookRoutes {
  /** How many shards share the fleet's address, this one included. */
  shards = 1;
  readonly #routes = new Map<string, Route>();

  /** Sends what comes for `key` with `secret` to `receiver`. */
  open(key: string, secret: string, receiver: Receiver): void {
    this.#routes.set(key, { secret, receiver });
  }

  /** Ends that, unless somebody else has the key meanwhile. */
  close(key: string, receiver: Receiver): void {
    if (this.#routes.get(key)?.receiver === receiver) this.#routes.delete(key);
  }

  /** Who takes updates that come for `key`; undefined where nobody does, or the secret is wrong. */
  find(key: string, secret: string): Receiver | undefined {
    const route = this.#routes.get(key);
    if (!route) return undefined;
    const given = Buffer.from(secret);
    const wanted = Buffer.from(route.secret);
    const isRight = given.length === wanted.length && timingSafeEqual(given, wanted);
    return isRight ? route.receiver : undefined;
  }

  /** Whether a bot here has this key. */
  has(key: string): boolean {
    return this.#routes.has(key);
  }
}
