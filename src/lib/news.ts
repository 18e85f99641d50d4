/** Lets any number of loops wait until something has changed. */
export class News {
  readonly #waiting = new Set<() => void>();

  /** Something has changed: ends every wait. */
  tell(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next {@link tell}, or when `signal` aborts. Never rejects. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }
}
