import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The JSON merge patch (RFC 7386) that makes `after` of `before`: only what differs, null for what
 * goes, lists as a whole. Undefined where nothing differs.
 */
export function mergePatchBetween(before: object, after: object): object | undefined {
  const old = before as Fields;
  const next = after as Fields;
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(old)) {
    if (next[name] === undefined && old[name] !== undefined) patch[name] = null;
  }
  for (const [name, value] of Object.entries(next)) {
    if (value === undefined || isDeepStrictEqual(old[name], value)) continue;
    const was = old[name];
    patch[name] = isFields(was) && isFields(value) ? mergePatchBetween(was, value) : value;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
