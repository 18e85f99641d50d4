import { z } from 'zod';

/** How many items one answer holds at most, whatever was asked for. */
export const MAX_LIMIT = 1_000;

/** What a list is asked with, page by page. */
export const pagingQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50),
  after: z.string().max(1_024).optional().describe('`next` of the page before.'),
};

/** A part of a list, by keyset: what comes or goes meanwhile makes no item come twice. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item).max(MAX_LIMIT).readonly(),
    next: z.string().optional().describe('What to give as `after` for the next page.'),
    total: z.int().optional().describe('Of all pages, where it is counted.'),
  });
}

/** What stands in a query string one time or several. */
export function someOf<Values extends readonly [string, ...string[]]>(values: Values) {
  return z.union([z.array(z.enum(values)).max(values.length), z.enum(values)]).optional();
}

/** As a list, what {@link someOf} let through; undefined where nothing was given. */
export function listed<Value extends string>(
  given: Value | readonly Value[] | undefined,
): readonly Value[] | undefined {
  return typeof given === 'string' ? [given] : given;
}

/** `true` or `false` in a query string. */
export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((word) => word === 'true');
