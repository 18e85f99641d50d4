import { toTimestamp } from '../lib/clock.ts';

/** `wallMs` as a Kubernetes MicroTime, RFC 3339 with microseconds: `2026-01-31T12:00:00.250000Z`. */
export function toMicroTime(wallMs: number): string {
  const ms = Math.floor(wallMs) % 1000;
  return toTimestamp(wallMs).replace('Z', `.${String(ms).padStart(3, '0')}000Z`);
}
