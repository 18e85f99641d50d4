import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Share, shareSchema } from '../control/grants.ts';
import { TenantBotError } from '../lib/errors.ts';

const entrySchema = z.strictObject({
  shard: z.int().min(0),
  /** Of the runtime; empty where it is not known. */
  session: z.string(),
  /** uid of the pod. */
  pod: z.string(),
  /** More than this has not been granted: what was may be less. */
  shares: z.record(z.string(), shareSchema),
});
/** What one runtime may hold. */
export type TableEntry = Readonly<z.output<typeof entrySchema>>;

const tableSchema = z.strictObject({
  /** Of the leader that wrote it. Grows with every leader, whatever the clocks say. */
  term: z.int().min(1),
  /** The part of the limits that is handed out: below 1 after Telegram has asked to slow down. */
  factor: z.number().gt(0).max(1),
  holders: z.array(entrySchema).max(10_000),
});
/** All that the leaders of a fleet may have granted. */
export type GrantTable = Readonly<z.output<typeof tableSchema>>;

/** A table as it is kept. */
export interface StoredText {
  readonly text: string;
  /** Names this text among all that were there before or come after. */
  readonly version: string;
}

/** Where the table of one fleet is kept. */
export interface GrantStore {
  /** The newest text; undefined where there is none. Never an old one. */
  read(signal: AbortSignal): Promise<StoredText | undefined>;
  /**
   * Puts `text` in place of `version` (of nothing, where undefined) and returns its version. Throws
   * {@link grantConflict} where something else is there.
   */
  write(text: string, version: string | undefined, signal: AbortSignal): Promise<string>;
}

const CONFLICT = 'GRANT_TABLE_CHANGED';

/** Somebody else has written to the table. */
export function grantConflict(cause?: unknown): TenantBotError {
  const words = 'the table of grants was changed by somebody else';
  return new TenantBotError('environment', CONFLICT, words, { cause });
}

/** Whether `error` is a {@link grantConflict}. */
export function isGrantConflict(error: unknown): boolean {
  return error instanceof TenantBotError && error.code === CONFLICT;
}

/** `table` as text, with a sum that tells whether anybody has put in a hand. */
export function writeTable(table: GrantTable): string {
  const body = JSON.stringify(table);
  return `${body}\n${sumOf(body)}`;
}

/** What {@link writeTable} wrote; undefined where anything else is there. */
export function readTable(text: string): GrantTable | undefined {
  const [body = '', sum] = text.trimEnd().split('\n');
  if (sum !== sumOf(body)) return undefined;
  try {
    return tableSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

/** No secret: it is meant for mistakes. */
function sumOf(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16);
}

/** Whether `table` says that the holder may have been granted all of `shares`. */
export function isWithin(
  table: GrantTable | undefined,
  holder: Holder,
  shares: ReadonlyMap<string, Share>,
): boolean {
  const entry = entryOf(table, holder);
  return [...shares].every(([resource, { limit, fallback }]) => {
    const most = entry?.shares[resource] ?? NOTHING;
    return limit <= most.limit && fallback <= most.fallback;
  });
}

/** As much of `shares` as `table` says that the holder may have been granted. */
export function within(
  table: GrantTable | undefined,
  holder: Holder,
  shares: ReadonlyMap<string, Share>,
): ReadonlyMap<string, Share> {
  const entry = entryOf(table, holder);
  return new Map(
    [...shares].map(([resource, { limit, fallback }]) => {
      const most = entry?.shares[resource] ?? NOTHING;
      return [
        resource,
        { limit: Math.min(limit, most.limit), fallback: Math.min(limit, fallback, most.fallback) },
      ];
    }),
  );
}

type Holder = Pick<TableEntry, 'shard' | 'session'>;

const NOTHING: Share = { limit: 0, fallback: 0 };

function entryOf(table: GrantTable | undefined, holder: Holder): TableEntry | undefined {
  return table?.holders.find(
    ({ shard, session }) => shard === holder.shard && session === holder.session,
  );
}
