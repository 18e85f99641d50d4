import type { Kysely } from 'kysely';
import type { z } from 'zod';
import type { Namespaces } from './namespaces.ts';

/** What a query is run with. */
export interface Asking {
  /** A connection that sees the allowed namespaces alone, and can't write. */
  readonly database: Kysely<unknown>;
  /** What every query restricts itself to, row-level security aside. */
  readonly namespaces: Namespaces;
  readonly nowMs: number;
}

/**
 * One question to the history. Whoever asks goes through `HistoryReader.ask`, which checks the
 * arguments by `args` and the connection by the namespaces.
 */
export interface HistoryQuery<Schema extends z.ZodType, Result> {
  /** For logs: never with values. */
  readonly name: string;
  readonly args: Schema;
  /** One statement. */
  run(asking: Asking, args: z.output<Schema>): Promise<Result>;
}

/** Gives `query` the types that its parts imply. */
export function historyQuery<Schema extends z.ZodType, Result>(
  query: HistoryQuery<Schema, Result>,
): HistoryQuery<Schema, Result> {
  return query;
}
