import { DEFAULT_UPDATE_KINDS, UPDATE_KINDS, type UpdateKind } from '../lib/update-kinds.ts';

/** What a bot gets that never asked for anything. */
export const DEFAULT_KINDS: ReadonlySet<UpdateKind> = new Set(DEFAULT_UPDATE_KINDS);

/**
 * The kinds that an `allowed_updates` argument names; undefined where it says nothing that counts
 * (missing, broken JSON, not a list of strings), which leaves the earlier choice in place. A list
 * without any known name is the default, as in the real server.
 */
export function parseAllowedUpdates(text: string): ReadonlySet<UpdateKind> | undefined {
  const names = parseList(text)?.map((name) => name.toLowerCase());
  if (!names) return undefined;
  const known = UPDATE_KINDS.filter((kind) => names.includes(kind));
  return known.length === 0 ? DEFAULT_KINDS : new Set(known);
}

/** How getWebhookInfo shows the choice: undefined stands for the default. */
export function shownKinds(kinds: ReadonlySet<UpdateKind>): UpdateKind[] | undefined {
  const isDefault = kinds.size === DEFAULT_KINDS.size && DEFAULT_KINDS.isSubsetOf(kinds);
  return isDefault ? undefined : [...kinds];
}

function parseList(text: string): string[] | undefined {
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) return undefined;
    return value;
  } catch {
    return undefined;
  }
}
