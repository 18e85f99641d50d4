import { z } from 'zod';
import { BREAKER_STATES } from '../../api/breaker.ts';
import type { AdminApi, AdminDeps } from '../api.ts';
import { findBot } from '../find-bot.ts';
import { pageOf } from '../keyset.ts';
import { breakerSchema, breakersSchema, breakerView } from '../views/breaker.ts';
import { pagingQuery } from '../views/paging.ts';
import { visibleBots } from '../visible.ts';
import { botParams, inNamespace } from './schemas.ts';

const tags = ['breakers'];

/** Circuit breakers as they are now. */
export function addBreakerRoutes(api: AdminApi, deps: AdminDeps): void {
  api.get(
    '/v1/breakers',
    {
      schema: {
        tags,
        summary: 'How many breakers are in which state, and those that are not closed',
        querystring: z.object({ ...inNamespace, ...pagingQuery }),
        response: { 200: breakersSchema },
      },
    },
    async (request) => {
      const { namespace, ...page } = request.query;
      const all = (await visibleBots(deps, request, { namespace })).map(breakerView);
      const counts = BREAKER_STATES.map(
        (of) => [of, all.filter(({ state }) => state === of).length] as const,
      );
      const summary = Object.fromEntries(counts) as Record<(typeof counts)[number][0], number>;
      const notClosed = all.filter(({ state }) => state !== 'Closed');
      const keyOf = ({ namespace, name }: (typeof all)[number]) => [namespace, name];
      return { summary, ...pageOf(notClosed, { ...page, keyOf }) };
    },
  );
  api.get(
    '/v1/bots/:namespace/:name/breaker',
    {
      schema: {
        tags,
        summary: "One bot's breaker",
        params: botParams,
        response: { 200: breakerSchema },
      },
    },
    async (request) => breakerView(await findBot(deps, request, request.params)),
  );
}
