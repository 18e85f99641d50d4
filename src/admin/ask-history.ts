import type { z } from 'zod';
import type { Namespaces } from '../history/queries/namespaces.ts';
import type { HistoryQuery } from '../history/queries/query.ts';
import type { HistoryReader } from '../history/queries/reader.ts';
import { AnswerCache } from '../lib/answer-cache.ts';
import type { Clock } from '../lib/clock.ts';
import type { AdminBackend } from './backend.ts';
import { RequestProblem } from './problem.ts';

/** How long answers hold, by what they are for. */
export const HOLDS_MS = { list: 0, chart: 120_000, trend: 300_000 } as const;

/** One question to the history. */
export interface Question<Schema extends z.ZodType, Result> {
  readonly query: HistoryQuery<Schema, Result>;
  /** Those alone that the caller may see. */
  readonly namespaces: Namespaces;
  readonly args: z.input<Schema>;
  /** What it is for; a list, which is always asked anew, unless given. */
  readonly use?: keyof typeof HOLDS_MS;
  /** Where this has become another, something has happened and an earlier answer holds no more. */
  readonly since?: unknown;
}

/**
 * Asks the history. Charts and trends hold for a while, for all who may see the same; who asks the
 * same at the same time waits for one answer. Ends the request with 503 while no history can be
 * asked, and with 400 where the arguments make no sense.
 */
export type AskHistory = <Schema extends z.ZodType, Result>(
  question: Question<Schema, Result>,
) => Promise<Result>;

const MAX_ANSWERS = 1_000;

/** Makes an {@link AskHistory}. */
export function historyAsker(backend: Pick<AdminBackend, 'history'>, clock: Clock): AskHistory {
  const answers = new AnswerCache<{
    readonly use: keyof typeof HOLDS_MS;
    readonly result: unknown;
  }>({
    max: MAX_ANSWERS,
    holdsMs: ({ use }) => HOLDS_MS[use],
    clock,
  });
  return async ({ query, namespaces, args, use = 'list', since }) => {
    const reader = readerOf(backend);
    const key = JSON.stringify([use, query.name, namespaces, args, since]);
    const answer = await answers.get(key, async () => ({
      use,
      result: await reader.ask(query, namespaces, args),
    }));
    // The key tells the query, and so what it brings.
    return answer.result as Awaited<ReturnType<typeof query.run>>;
  };
}

/** Who can be asked; ends the request with 503 while nobody can. */
export function readerOf(backend: Pick<AdminBackend, 'history'>): HistoryReader {
  const reader = backend.history();
  if (reader) return reader;
  const words =
    'no history can be asked now: none is kept, or its database does not answer; HistoryAvailable of a fleet says which, and why';
  throw new RequestProblem(503, 'HISTORY_AWAY', words);
}
