import { z } from 'zod';
import { RequestProblem } from '../../admin/problem.ts';
import { botHistory } from '../../history/queries/bot-history.ts';
import { busiestTimes } from '../../history/queries/busiest-times.ts';
import { chatKinds } from '../../history/queries/chat-kinds.ts';
import { errorKinds } from '../../history/queries/error-kinds.ts';
import { incidents } from '../../history/queries/incidents.ts';
import { popularCommands } from '../../history/queries/popular-commands.ts';
import type { HistoryQuery } from '../../history/queries/query.ts';
import type { HistoryReader } from '../../history/queries/reader.ts';
import { usageSummary } from '../../history/queries/usage-summary.ts';
import { usageTrends } from '../../history/queries/usage-trends.ts';
import { verificationSummary } from '../../history/queries/verification-summary.ts';
import type { Api } from './api.ts';

const QUERIES = {
  'bot-history': botHistory,
  'busiest-times': busiestTimes,
  'chat-kinds': chatKinds,
  'error-kinds': errorKinds,
  incidents,
  'popular-commands': popularCommands,
  'usage-summary': usageSummary,
  'usage-trends': usageTrends,
  'verification-summary': verificationSummary,
} as const;

type Queries = typeof QUERIES;
export type QueryName = keyof Queries;
/** What a query is asked with, and what it answers. */
export type QueryArgs<Name extends QueryName> = z.input<Queries[Name]['args']>;
export type QueryAnswer<Name extends QueryName> = Awaited<ReturnType<Queries[Name]['run']>>;

const params = z.object({ query: z.enum(Object.keys(QUERIES) as [QueryName]) });

/** Asking the history: the body is what the query takes, the answer what it brings. */
export function addHistoryRoute(api: Api, history: () => HistoryReader | undefined): void {
  api.post(
    '/v1/history/:query',
    { schema: { params, body: z.unknown() } },
    ({ params: { query }, body }) => {
      const reader = history();
      if (!reader) {
        const words =
          'no history can be asked: the standalone was started with --no-history, or its database does not answer. Start it without that flag; HistoryAvailable of a fleet, and the log, say what is wrong with the database';
        throw new RequestProblem(409, 'HISTORY_OFF', words);
      }
      // Whoever has the token owns this machine's bots, whatever their namespace.
      const asked: HistoryQuery<z.ZodType, unknown> = QUERIES[query];
      return reader.ask(asked, '*', body);
    },
  );
}
