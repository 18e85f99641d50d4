import type { Update } from 'grammy/types';
import { laneKey } from '../dispatch/update-kind.ts';

interface OpenUpdate {
  readonly update: Update;
  givenUp: boolean;
  /** Ends the try that is under way. */
  abort?: AbortController;
}

/**
 * The updates that one bot has in hand, so that those of a chat can be given up together where
 * they block all others.
 */
export class OpenUpdates {
  readonly #updates = new Map<number, OpenUpdate>();

  add(update: Update): void {
    this.#updates.set(update.update_id, { update, givenUp: false });
  }

  remove(updateId: number): void {
    this.#updates.delete(updateId);
  }

  isGivenUp(updateId: number): boolean {
    return this.#updates.get(updateId)?.givenUp ?? false;
  }

  /**
   * Gives up the oldest update and all others of its chat: tries under way are aborted, and
   * {@link isGivenUp} tells of the rest. Returns how many there were.
   */
  giveUpOldestChat(): number {
    const [oldest] = this.#updates.values();
    if (!oldest) return 0;
    const chat = laneKey(oldest.update);
    const blocking = [...this.#updates.values()].filter(({ update }) => laneKey(update) === chat);
    for (const open of blocking) {
      open.givenUp = true;
      open.abort?.abort();
    }
    return blocking.length;
  }

  /** Runs one try of an update with a signal that aborts with `signal`, and when it is given up. */
  async try<Result>(
    updateId: number,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const abort = new AbortController();
    const open = this.#updates.get(updateId);
    if (open) open.abort = abort;
    if (open?.givenUp) abort.abort();
    const onAbort = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    try {
      return await work(abort.signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}
