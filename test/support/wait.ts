import { errorMessage } from '../../src/lib/errors.ts';

/** How long a wait may take, and how often it looks. */
export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/**
 * Resolves to what `check` returns as soon as that is neither undefined nor false. At the deadline
 * it rejects, naming `description` and, where the last check threw, why; a check that throws before
 * is asked again.
 */
export async function waitFor<Value>(
  description: string,
  check: () => Value | undefined | false | Promise<Value | undefined | false>,
  { timeoutMs = 30_000, intervalMs = 10 }: WaitOptions = {},
): Promise<Value> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadlineMs) {
      const why = failure === undefined ? '' : `: ${errorMessage(failure)}`;
      throw new Error(`waited ${timeoutMs} ms in vain for ${description}${why}`, {
        cause: failure,
      });
    }
    await new Promise((resolve) => {
      setTimeout(resolve, intervalMs);
    });
  }
}
