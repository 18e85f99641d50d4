import { parseTime, toDate } from './browser-clock.ts';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** What stands where nothing is known. */
export const NOTHING = '–';

const axisDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const axisTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** 12,345 */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : whole.format(value);
}

/** 12.3K: where there is little room. */
export function compact(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : short.format(value);
}

/** `value` is a share in percent. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} %`;
}

/** 85 ms, 1.2 s. */
export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** 45 s, 3 min, 2 h, 5 d: to the unit that matters. */
export function duration(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds));
  const [unit, size] = UNITS.find(([, size]) => rounded >= size) ?? ['s', 1];
  return `${Math.floor(rounded / size)} ${unit}`;
}

/** How long before `nowMs` a time was, or how long after it will be. */
export function ago(time: string | null | undefined, nowMs: number): string {
  const ms = parseTime(time)?.getTime();
  if (ms === undefined) return NOTHING;
  const seconds = (nowMs - ms) / 1_000;
  if (seconds < -1) return `in ${duration(-seconds)}`;
  return seconds < 5 ? 'just now' : `${duration(seconds)} ago`;
}

/** Date and time where the reader is. */
export function localTime(time: string | null | undefined): string {
  const date = parseTime(time);
  return date ? moment.format(date) : NOTHING;
}

/** Time of day where the reader is. */
export function timeOfDay(time: string | null | undefined): string {
  const date = parseTime(time);
  return date ? clockTime.format(date) : NOTHING;
}

/** Moments along an axis, in seconds since 1970: the time of day, or the day where one begins. */
export function axisTimes(seconds: readonly number[]): string[] {
  return seconds.map((moment) => {
    const time = toDate(moment * 1_000);
    return time.getHours() + time.getMinutes() === 0 ? axisDay.format(time) : axisTime.format(time);
  });
}
