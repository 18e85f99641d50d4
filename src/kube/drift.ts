import { isDeepStrictEqual } from 'node:util';
import { ATOMIC_MAPS, KEY_DEFAULTS, LIST_KEYS, QUANTITY_MAPS, SET_LISTS } from './list-keys.ts';
import { sameQuantity } from './quantity.ts';

type Json = Readonly<Record<string, unknown>>;

/** Where in an object a value stands: its field's name, and that of the field around it. */
interface Place {
  readonly parent: string;
  readonly field: string;
}

/**
 * Whether server-side apply of `desired` would change `live`: whether anything that `desired` says
 * is missing there or differs. What `desired` does not mention is somebody else's and does not
 * count. Lists are compared as the API server merges them: those of {@link LIST_KEYS} by key in any
 * order, sets as sets, all others whole; within their elements defaults of the server do not count.
 *
 * An empty map, list or string and an absent one are the same, as the server stores them. `false`
 * and 0 are not: leave them out where they are the default and the server drops them.
 */
export function hasDrifted(desired: object, live: object): boolean {
  const { apiVersion: _version, kind: _kind, ...content } = desired as Json;
  return !holds(live, content, { parent: '', field: '' });
}

/** Whether `live` holds all of `desired`. */
function holds(live: unknown, desired: unknown, place: Place): boolean {
  if (desired === undefined || desired === null) return true;
  if (Array.isArray(desired)) return holdsList(live, desired, place);
  if (typeof desired === 'object') return holdsMap(live, desired as Json, place);
  if (live === undefined) return desired === '';
  return live === desired || (QUANTITY_MAPS.has(place.parent) && sameQuantity(live, desired));
}

function holdsMap(live: unknown, desired: Json, { field: parent }: Place): boolean {
  if (ATOMIC_MAPS.has(parent)) return isDeepStrictEqual(live ?? {}, desired);
  if (live === undefined) return Object.values(desired).every((value) => isEmpty(value));
  if (!isMap(live)) return false;
  return Object.entries(desired).every(([field, value]) =>
    holds(live[field], value, { parent, field }),
  );
}

function holdsList(live: unknown, desired: readonly unknown[], place: Place): boolean {
  const found: readonly unknown[] = Array.isArray(live) ? live : [];
  if (SET_LISTS.has(place.field)) return desired.every((value) => found.includes(value));
  const keys = LIST_KEYS[`${place.parent}.${place.field}`] ?? LIST_KEYS[place.field];
  if (keys === undefined) {
    return (
      found.length === desired.length &&
      desired.every((value, index) => holds(found[index], value, place))
    );
  }
  const byKey = new Map(found.map((item) => [keyOf(item, keys), item]));
  return desired.every((item) => {
    const match = byKey.get(keyOf(item, keys));
    return match !== undefined && holds(match, item, place);
  });
}

function keyOf(item: unknown, keys: readonly string[]): string {
  const fields = isMap(item) ? item : {};
  return JSON.stringify(keys.map((key) => fields[key] ?? KEY_DEFAULTS[key]));
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isMap(value)) return Object.values(value).every((inner) => isEmpty(inner));
  return value === undefined || value === null || value === '';
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
