import { fromTimestamp } from '../lib/clock.ts';
import type { Column } from './columns.ts';

/**
 * What `column` shows of `resource`, as `kubectl get` prints it: empty where there is nothing, a
 * date as the time since then. Understands the part of JSONPath that {@link Column} allows.
 */
export function columnValue(resource: unknown, column: Column, nowMs: number): string {
  const value = follow(resource, column.jsonPath);
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  if (column.type !== 'date') return String(value);
  const sinceMs = nowMs - fromTimestamp(String(value));
  return Number.isNaN(sinceMs) ? '<unknown>' : formatAge(sinceMs);
}

const STEP = /\.(?<field>\w+)|\[\?\(@\.(?<key>\w+)=="(?<wanted>[^"]*)"\)\]/y;

function follow(resource: unknown, jsonPath: string): unknown {
  let value = resource;
  const steps = jsonPath.matchAll(new RegExp(STEP, 'gy'));
  for (const { groups } of steps) {
    const { field, key, wanted } = groups ?? {};
    if (field !== undefined) value = fieldOf(value, field);
    else if (key !== undefined && Array.isArray(value)) {
      value = value.find((item) => fieldOf(item, key) === wanted);
    }
  }
  return value;
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<string, unknown>)[name];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** How kubectl rounds: up to `below` seconds, the larger unit and, where there is one, the rest. */
const AGE_STEPS = [
  { below: 2 * MINUTE, unit: 1, sign: 's' },
  { below: 10 * MINUTE, unit: MINUTE, sign: 'm', rest: 1, restSign: 's' },
  { below: 3 * HOUR, unit: MINUTE, sign: 'm' },
  { below: 8 * HOUR, unit: HOUR, sign: 'h', rest: MINUTE, restSign: 'm' },
  { below: 2 * DAY, unit: HOUR, sign: 'h' },
  { below: 8 * DAY, unit: DAY, sign: 'd', rest: HOUR, restSign: 'h' },
  { below: 2 * YEAR, unit: DAY, sign: 'd' },
  { below: 8 * YEAR, unit: YEAR, sign: 'y', rest: DAY, restSign: 'd' },
  { below: Number.POSITIVE_INFINITY, unit: YEAR, sign: 'y' },
];

/** A duration as kubectl writes ages: `42s`, `5m10s`, `3h20m`, `12d`. Negative ones are `0s`. */
export function formatAge(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  for (const { below, unit, sign, rest, restSign } of AGE_STEPS) {
    if (seconds >= below) continue;
    const whole = `${Math.floor(seconds / unit)}${sign}`;
    const left = rest === undefined ? 0 : Math.floor((seconds % unit) / rest);
    return left === 0 ? whole : `${whole}${left}${restSign}`;
  }
  return '';
}
