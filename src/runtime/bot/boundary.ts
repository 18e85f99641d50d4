import { AsyncLocalStorage } from 'node:async_hooks';

/** Who answers for the errors of some work: a hosted bot. */
export interface ErrorOwner {
  /** Something went wrong in the owner's work where nobody waited for it. Must not throw. */
  fail(error: unknown): void;
}

/**
 * Tells whose work is being done, however deep in callbacks, timers and promises, so that an error
 * that nobody caught can be laid at its owner's door instead of ending the process. The handlers of
 * `uncaughtException` and `unhandledRejection` hand such errors to {@link ErrorBoundary.fail}:
 * Node calls both in the context in which the error came up.
 *
 * One error escapes: a promise made in an owner's work, rejected outside of it, and never looked at.
 * What all bots share rejects nothing but what somebody awaits.
 */
export class ErrorBoundary {
  readonly #owner = new AsyncLocalStorage<ErrorOwner | undefined>();

  /** In whose name work is being done; undefined where that is nobody's. */
  get owner(): ErrorOwner | undefined {
    return this.#owner.getStore();
  }

  /** Does `work`, and whatever it sets off, in the name of `owner`. */
  run<Result>(owner: ErrorOwner | undefined, work: () => Result): Result {
    return this.#owner.getStore() === owner ? work() : this.#owner.run(owner, work);
  }

  /** Hands `error` to whose work is being done. False where that is nobody's. */
  fail(error: unknown): boolean {
    const { owner } = this;
    owner?.fail(error);
    return owner !== undefined;
  }
}
