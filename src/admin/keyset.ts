import { RequestProblem } from './problem.ts';

/** What items are ordered by: compared one by one. Null comes last. */
export type Key = readonly (string | number | null)[];

/** How a page is cut out of a list. */
export interface KeysetOptions<Item> {
  readonly limit: number;
  /** {@link Slice.next} of the page before. */
  readonly after?: string | undefined;
  /** Unlike that of every other item. */
  readonly keyOf: (item: Item) => Key;
  /** Whether the first part of the keys counts from high to low; the others never do. */
  readonly descending?: boolean | undefined;
}

/** A part of a list, by keyset: what comes or goes meanwhile makes no item come twice. */
export interface Slice<Item> {
  readonly items: Item[];
  /** What to give as `after` for the next one; absent on the last. */
  readonly next?: string;
  /** Of all pages. */
  readonly total: number;
}

/** The page of `items` that the options ask for. Throws a problem where `after` makes no sense. */
export function pageOf<Item>(items: Iterable<Item>, options: KeysetOptions<Item>): Slice<Item> {
  const { limit, after, keyOf, descending = false } = options;
  const from = after === undefined ? undefined : decode(after);
  const order = (a: Keyed<Item>, b: Keyed<Item>): number => compare(a.key, b.key, descending);
  const keyed = Array.from(items, (item) => ({ item, key: keyOf(item) }));
  const rest =
    from === undefined ? keyed : keyed.filter(({ key }) => compare(key, from, descending) > 0);
  const first = firstOf(rest, limit + 1, order);
  const shown = first.slice(0, limit);
  const last = first.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ item }) => item),
    ...(last && { next: Buffer.from(JSON.stringify(last.key)).toString('base64url') }),
    total: keyed.length,
  };
}

interface Keyed<Item> {
  readonly item: Item;
  readonly key: Key;
}

/** The first `count` of `items` in that order: of many, most are looked at once only. */
function firstOf<Item>(
  items: readonly Item[],
  count: number,
  order: (a: Item, b: Item) => number,
): Item[] {
  const first: Item[] = [];
  for (const item of items) {
    const last = first[count - 1];
    if (last !== undefined && order(item, last) >= 0) continue;
    first.splice(placeOf(item, first, order), 0, item);
    first.length = Math.min(first.length, count);
  }
  return first;
}

/** How many of `sorted` come before `item`. */
function placeOf<Item>(
  item: Item,
  sorted: readonly Item[],
  order: (a: Item, b: Item) => number,
): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (order(sorted[middle] as Item, item) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

function compare(a: Key, b: Key, descending: boolean): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = compareParts(a[index] ?? null, b[index] ?? null, descending && index === 0);
    if (order !== 0) return order;
  }
  return 0;
}

function compareParts(a: Key[number], b: Key[number], descending: boolean): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b !== descending ? -1 : 1;
}

function decode(after: string): Key {
  const key = fromJson(Buffer.from(after, 'base64url').toString());
  const isKey =
    Array.isArray(key) &&
    key.every((part) => part === null || typeof part === 'string' || typeof part === 'number');
  if (isKey) return key as Key;
  throw new RequestProblem(400, 'REQUEST_INVALID', 'after: must be "next" of the page before');
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
