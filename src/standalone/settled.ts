import type { TenantBot } from '../api/tenant-bot.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { ObjectStore } from './object-store.ts';

/** Whether nothing about the bot is about to change by itself: it answers, or needs a person. */
export function isSettled({ metadata, status }: TenantBot): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  return status.conditions?.every(({ type }) => type !== 'Reconciling') ?? false;
}

/** Whether the bot answers. */
export function isReady({ status }: TenantBot): boolean {
  return (
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  );
}

/** Resolves when every bot has settled, after `timeoutMs`, or when `signal` aborts. */
export async function allSettled(
  objects: ObjectStore,
  { clock, timeoutMs, signal }: { clock: Clock; timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  const done = new AbortController();
  const check = (): void => {
    if (objects.list('TenantBot').every(isSettled)) done.abort();
  };
  const stop = objects.watch(check);
  check();
  await sleep(clock, timeoutMs, AbortSignal.any([done.signal, signal])).catch(() => undefined);
  stop();
}
