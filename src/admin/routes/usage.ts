import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { busiestTimes } from '../../history/queries/busiest-times.ts';
import { chatKinds } from '../../history/queries/chat-kinds.ts';
import { errorKinds } from '../../history/queries/error-kinds.ts';
import { popularCommands } from '../../history/queries/popular-commands.ts';
import type { HistoryQuery } from '../../history/queries/query.ts';
import { usageSummary } from '../../history/queries/usage-summary.ts';
import { usageTrends } from '../../history/queries/usage-trends.ts';
import { verificationSummary } from '../../history/queries/verification-summary.ts';
import type { AdminApi, RouteDeps } from '../api.ts';
import type { HOLDS_MS } from '../ask-history.ts';
import { flag, pagingQuery } from '../views/paging.ts';
import {
  busiestSchema,
  chatKindsSchema,
  commandPageSchema,
  errorPageSchema,
  usageSummarySchema,
  usageTrendsSchema,
  verificationsSchema,
} from '../views/past.ts';
import { namespacesFor } from '../visible.ts';
import { ofBots } from './schemas.ts';

const daysOf = (most: number, days: number) =>
  z.coerce.number().int().min(1).max(most).default(days).describe('Back from now.');
const some = { ...ofBots, days: daysOf(366, 7) };
const total = { total: flag.describe('Whether to count them all.') };

/** One question to the history, under a path of its own. */
interface Question<Schema extends z.ZodType, Args extends z.ZodType, Answer extends z.ZodType> {
  readonly path: string;
  readonly summary: string;
  readonly querystring: Schema;
  readonly answer: Answer;
  readonly query: HistoryQuery<Args, z.input<Answer>>;
  readonly use: keyof typeof HOLDS_MS;
}

/** How bots were used, and what went wrong. */
export function addUsageRoutes(api: AdminApi, deps: RouteDeps): void {
  addQuestion(api, deps, {
    path: '/v1/usage/summary',
    summary: 'Calls and updates, in all and over time',
    querystring: z.object(some),
    answer: usageSummarySchema,
    query: usageSummary,
    use: 'chart',
  });
  addQuestion(api, deps, {
    path: '/v1/usage/trends',
    summary: 'This period against the one before',
    querystring: z.object({ ...ofBots, days: daysOf(183, 7) }),
    answer: usageTrendsSchema,
    query: usageTrends,
    use: 'trend',
  });
  addQuestion(api, deps, {
    path: '/v1/usage/errors',
    summary: 'Kinds of error, the most frequent first',
    querystring: z.object({
      ...some,
      fingerprint: z.string().min(1).max(64).optional(),
      ...total,
      ...pagingQuery,
    }),
    answer: errorPageSchema,
    query: errorKinds,
    use: 'list',
  });
  addQuestion(api, deps, {
    path: '/v1/usage/busiest',
    summary: 'At which hours and weekdays updates come',
    querystring: z.object({
      ...ofBots,
      days: daysOf(366, 28),
      timeZone: z.string().max(64).default('UTC').describe('Such as Europe/Berlin.'),
    }),
    answer: busiestSchema,
    query: busiestTimes,
    use: 'trend',
  });
  addQuestion(api, deps, {
    path: '/v1/usage/commands',
    summary: 'Commands, the most popular first',
    querystring: z.object({ ...some, ...total, ...pagingQuery }),
    answer: commandPageSchema,
    query: popularCommands,
    use: 'trend',
  });
  addQuestion(api, deps, {
    path: '/v1/usage/chats',
    summary: 'Kinds of chat that bots are used in, the most frequent first',
    querystring: z.object(some),
    answer: chatKindsSchema,
    query: chatKinds,
    use: 'trend',
  });
  addQuestion(api, deps, {
    path: '/v1/verifications',
    summary: 'What became of people at membership gates',
    querystring: z.object(some),
    answer: verificationsSchema,
    query: verificationSummary,
    use: 'list',
  });
}

function addQuestion<
  Schema extends z.ZodType<{ readonly namespace?: string | undefined }>,
  Args extends z.ZodType,
  Answer extends z.ZodType,
>(api: AdminApi, deps: RouteDeps, question: Question<Schema, Args, Answer>): void {
  const { path, summary, querystring, answer, query, use } = question;
  // That what is asked and answered goes with the query is told by the types of the question.
  const schema: FastifySchema = {
    tags: ['usage'],
    summary,
    querystring,
    response: { 200: answer },
  };
  api.get(path, { schema }, async (request) => {
    const args = request.query as z.output<Schema>;
    const scope = { namespace: args.namespace, part: 'usage' } as const;
    const namespaces = await namespacesFor(deps, request, scope);
    return deps.askHistory({ query, namespaces, args: args as z.input<Args>, use });
  });
}
