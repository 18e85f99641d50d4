import type { z } from 'zod';
import type { Namespaces } from '../history/queries/namespaces.ts';
import type { HistoryQuery } from '../history/queries/query.ts';
import type { AdminBackend } from './backend.ts';
import { RequestProblem } from './problem.ts';

/**
 * What `query` finds in `namespaces`. Ends the request with 503 while no history can be asked, and
 * with 400 where the arguments make no sense.
 */
export function askHistory<Schema extends z.ZodType, Result>(
  { history }: Pick<AdminBackend, 'history'>,
  query: HistoryQuery<Schema, Result>,
  namespaces: Namespaces,
  args: z.input<Schema>,
): Promise<Result> {
  const reader = history();
  if (reader) return reader.ask(query, namespaces, args);
  const words =
    'no history can be asked now: none is kept, or its database does not answer; HistoryAvailable of a fleet says which, and why';
  throw new RequestProblem(503, 'HISTORY_AWAY', words);
}
