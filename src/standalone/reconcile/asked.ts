import { BOT_REQUESTS, type BotRequest, type BotRequests } from '../../api/bot-requests.ts';
import type { ObjectId } from '../manifests/manifest-object.ts';

interface Ask {
  readonly value: string;
  /** What the manifest asked for then. */
  readonly written: string | undefined;
}

/** What people ask of bots without writing it into a manifest. Whatever came last counts. */
export class Asked {
  readonly #asks = new Map<ObjectId, Partial<Record<BotRequest, Ask>>>();

  /** `written` is what the manifest asks for now. */
  ask(id: ObjectId, requests: BotRequests, written: BotRequests = {}): void {
    const asks = { ...this.#asks.get(id) };
    for (const request of BOT_REQUESTS) {
      const value = requests[request];
      if (value !== undefined) asks[request] = { value, written: written[request] };
    }
    this.#asks.set(id, asks);
  }

  /** What is asked of the bot all told; undefined where that is nothing. */
  of(id: ObjectId, written: BotRequests | undefined): BotRequests | undefined {
    const asks = this.#asks.get(id);
    if (!asks) return written;
    const all: BotRequests = { ...written };
    for (const request of BOT_REQUESTS) {
      const ask = asks[request];
      if (ask && ask.written === written?.[request]) all[request] = ask.value;
    }
    return all;
  }

  /** Drops what was asked of an object that is gone. */
  forget(id: ObjectId): void {
    this.#asks.delete(id);
  }
}
