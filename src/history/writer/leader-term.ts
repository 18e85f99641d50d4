import { type QueryExecutorProvider, sql } from 'kysely';
import { environmentError } from '../../lib/errors.ts';

/**
 * Holds the right to write until the end of the transaction, for the leader of that term; without
 * one, for the next after the last. From then on, lower ones are refused: rejects where a higher one
 * was here.
 */
export async function holdTerm(
  step: QueryExecutorProvider,
  mine: number | undefined,
): Promise<number> {
  const { rows } = await sql<{ term: string }>`
    select hold_term(${mine ?? null}::bigint) as term
  `.execute(step);
  const term = Number(rows[0]?.term);
  if (mine === undefined || term === mine) return term;
  throw environmentError(
    'HISTORY_DEPOSED',
    `the leader of term ${term} writes it, and this one is of term ${mine}`,
  );
}
