import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { whole } from './arguments.ts';

/**
 * The arguments of a query that answers page by page. `key` is what tells where a row stands in
 * its order.
 */
export function paging<Key extends z.ZodType>(key: Key) {
  return {
    limit: whole(1, 1_000).default(50),
    /** {@link Page.next} of the page before. */
    after: z
      .string()
      .max(1_024)
      .transform((text, context): z.output<Key> => {
        const decoded = key.safeParse(fromJson(Buffer.from(text, 'base64url').toString()));
        if (decoded.success) return decoded.data;
        context.addIssue({ code: 'custom', message: 'must be "next" of the page before' });
        return z.NEVER;
      })
      .optional(),
    /** Whether to count what all pages hold together. */
    total: z.boolean().default(false),
  };
}

/** A part of a list, by keyset: what comes or goes meanwhile makes no row come twice. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** What to give as `after` for the next one; absent on the last. */
  readonly next?: string;
  /** Of all pages; where it was asked for. */
  readonly total?: number;
}

/** A row as a query brings it, with where it stands in the order. */
export interface Keyed<Item> {
  readonly item: Item;
  readonly key: readonly unknown[];
  readonly total: number;
}

/** Makes a page of up to `limit + 1` rows. */
export function pageOf<Item>(
  rows: readonly Keyed<Item>[],
  { limit, total }: { readonly limit: number; readonly total: boolean },
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ item }) => item),
    ...(last && { next: Buffer.from(JSON.stringify(last.key)).toString('base64url') }),
    ...(total && { total: rows[0]?.total ?? 0 }),
  };
}

/** The column `total` of {@link Keyed}: it has to stand where no row was left out yet. */
export function totalOf({ total }: { readonly total: boolean }): RawBuilder<number> {
  return total ? sql<number>`(count(*) over ())::float8` : sql<number>`0`;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
