import { createHash } from 'node:crypto';

/** The same for the same content, in whatever order its fields were written. */
export function contentHash(content: object): string {
  return createHash('sha256')
    .update(JSON.stringify(content, sortFields))
    .digest('hex')
    .slice(0, 16);
}

function sortFields(_field: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
