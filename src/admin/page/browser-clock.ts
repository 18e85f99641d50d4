import { type Signal, signal } from '@preact/signals';

/** The page's only source of time, as `src/lib/clock.ts` is everybody else's. */

/** Milliseconds since 1970. */
export function nowMs(): number {
  return Date.now();
}

/** What an RFC 3339 text means; undefined where it is none. */
export function parseTime(text: string | null | undefined): Date | undefined {
  const time = text ? new Date(text) : undefined;
  return time && !Number.isNaN(time.getTime()) ? time : undefined;
}

/** `ms` since 1970 as a date. */
export function toDate(ms: number): Date {
  return new Date(ms);
}

/** Runs `callback` once, `delayMs` from now, unless the returned function is called before. */
export function after(delayMs: number, callback: () => void): () => void {
  const handle = setTimeout(callback, delayMs);
  return () => clearTimeout(handle);
}

/** Runs `callback` again and again until the returned function is called. */
export function every(intervalMs: number, callback: () => void): () => void {
  const handle = setInterval(callback, intervalMs);
  return () => clearInterval(handle);
}

/** What "5 s ago" goes by: moves on every few seconds. */
export const now: Signal<number> = signal(nowMs());
every(5_000, () => {
  now.value = nowMs();
});
