/** A pending timer. Cancelling one that has fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of time. Deadlines and durations use {@link Clock.monotonicMs}, which never
 * steps; what a person or another program reads uses {@link Clock.wallMs}.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. May step in either direction. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonicMs(): number;
  /** Runs `callback` once, `delayMs` from now. Negative delays count as 0. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** Node's own limit; a longer delay would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** `wallMs` in RFC 3339 with seconds, as Kubernetes writes it: `2026-01-31T12:00:00Z`. */
export function toTimestamp(wallMs: number): string {
  // What `join` makes is one string; any other way makes one of slices, three times as heavy, and
  // statuses hold many.
  return [new Date(wallMs).toISOString().slice(0, -'.000Z'.length), 'Z'].join('');
}

/** `wallMs` for libraries that take a Date. */
export function toDate(wallMs: number): Date {
  return new Date(wallMs);
}

/** Milliseconds since the Unix epoch of an RFC 3339 timestamp; NaN where it is none. */
export function fromTimestamp(timestamp: string): number {
  return Date.parse(timestamp);
}

/**
 * Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts. Leaves
 * neither timer nor listener behind.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(abortReason(signal));
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Resolves once everything that settled promises have queued up has run. */
export function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
