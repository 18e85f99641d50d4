import type { Clock, Timer } from '../lib/clock.ts';
import { PRIORITIES, type Priority } from './client.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

interface Waiter {
  readonly admit: () => void;
}

/**
 * The client's own rate. `election` is admitted at once and costs nothing: a lease must not be lost
 * to a flood of other calls. The others share a token bucket; while it is empty they wait, and each
 * new token goes to the highest priority, first come first served within one.
 */
export class RequestLimiter {
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;
  readonly #queues: Readonly<Record<Priority, Set<Waiter>>> = {
    election: new Set(),
    transition: new Set(),
    routine: new Set(),
  };
  #timer: Timer | undefined;

  constructor(rate: Rate, clock: Clock) {
    this.#bucket = new TokenBucket(rate, clock);
    this.#clock = clock;
  }

  /** Calls that wait now. */
  get waiting(): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.#queues[priority].size, 0);
  }

  /** Resolves when the call may be sent; rejects with the signal's reason when that aborts first. */
  acquire(priority: Priority, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      // Who waits already goes first, so a token that is there is no one else's.
      if (priority === 'election' || (this.waiting === 0 && this.#bucket.tryTake())) {
        resolve();
        return;
      }
      this.#enqueue(priority, signal, { resolve, reject });
    });
  }

  #enqueue(
    priority: Priority,
    signal: AbortSignal | undefined,
    { resolve, reject }: { resolve: () => void; reject: (reason: Error) => void },
  ): void {
    const queue = this.#queues[priority];
    const onAbort = (): void => {
      queue.delete(waiter);
      if (this.waiting === 0) this.#stopTimer();
      reject(signal?.reason as Error);
    };
    const waiter: Waiter = {
      admit: () => {
        queue.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
    };
    queue.add(waiter);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#timer ??= this.#clock.setTimer(this.#bucket.msUntilNext(), this.#onToken);
  }

  readonly #onToken = (): void => {
    this.#timer = undefined;
    for (const waiter of this.#inOrder()) {
      if (!this.#bucket.tryTake()) {
        this.#timer = this.#clock.setTimer(this.#bucket.msUntilNext(), this.#onToken);
        return;
      }
      waiter.admit();
    }
  };

  *#inOrder(): Iterable<Waiter> {
    for (const priority of PRIORITIES) yield* this.#queues[priority];
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
