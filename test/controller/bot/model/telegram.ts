/** Who may be told of what becomes of its poll. */
export interface PollListener {
  /** Answers the poll that is held. */
  onUpdates(ids: readonly number[]): void;
  /** Another poll has ended the one that was held. */
  onConflict(): void;
}

/** How a getUpdates call goes. */
export type PollOutcome =
  | { readonly kind: 'updates'; readonly ids: readonly number[] }
  | { readonly kind: 'held' };

const LIMIT = 3;

interface Queue {
  waiting: number[];
  nextId: number;
  held: PollListener | undefined;
}

/** Telegram as far as polls go: offsets confirm, and a new poll ends the one that is held. */
export class Telegram {
  readonly #queues = new Map<string, Queue>();

  /** Somebody writes to the bot; returns the id of the update. */
  say(bot: string): number {
    const queue = this.#queue(bot);
    const id = queue.nextId++;
    queue.waiting.push(id);
    const { held } = queue;
    if (held) {
      queue.held = undefined;
      held.onUpdates(queue.waiting.slice(0, LIMIT));
    }
    return id;
  }

  /** `getUpdates`; `hold: false` is one with no timeout. */
  poll(
    bot: string,
    who: PollListener,
    { offset, hold }: { readonly offset: number; readonly hold: boolean },
  ): PollOutcome {
    const queue = this.#queue(bot);
    const { held } = queue;
    queue.held = undefined;
    if (held && held !== who) held.onConflict();
    // Too far ahead, an offset is taken for a mistake.
    if (offset <= queue.nextId + 10) queue.waiting = queue.waiting.filter((id) => id >= offset);
    if (queue.waiting.length > 0 || !hold) {
      return { kind: 'updates', ids: queue.waiting.slice(0, LIMIT) };
    }
    queue.held = who;
    return { kind: 'held' };
  }

  /** The connection of a held poll is closed. */
  hangUp(bot: string, who: PollListener): void {
    const queue = this.#queue(bot);
    if (queue.held === who) queue.held = undefined;
  }

  /** The updates that no poll has confirmed. */
  waiting(bot: string): readonly number[] {
    return this.#queue(bot).waiting;
  }

  #queue(bot: string): Queue {
    const known = this.#queues.get(bot);
    if (known) return known;
    const queue: Queue = { waiting: [], nextId: 100, held: undefined };
    this.#queues.set(bot, queue);
    return queue;
  }
}
