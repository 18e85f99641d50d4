/** How often an update is tried before it is given up. */
export const MAX_ATTEMPTS = 3;

/**
 * Whether a failed try was the last one. The dispatcher gives up by it, and a handler that tells
 * the user of a failure for good speaks up by it.
 */
export function isLastTry(attempt: number, retryable: boolean): boolean {
  return !retryable || attempt >= MAX_ATTEMPTS;
}
