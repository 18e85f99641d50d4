import { z } from 'zod';
import type { AdminApi, RouteDeps } from '../api.ts';
import { findBot } from '../find-bot.ts';
import { pageOf } from '../keyset.ts';
import {
  botHealth,
  botHealthSchema,
  healthSummary,
  healthSummarySchema,
  illness,
  unhealthyPageSchema,
} from '../views/health.ts';
import { pagingQuery } from '../views/paging.ts';
import { visibleBots } from '../visible.ts';
import { botParams, inNamespace } from './schemas.ts';

const tags = ['health'];

/** How bots do now. */
export function addHealthRoutes(api: AdminApi, deps: RouteDeps): void {
  api.get(
    '/v1/health/summary',
    {
      schema: {
        tags,
        summary: 'How many bots are in which state',
        querystring: z.object(inNamespace),
        response: { 200: healthSummarySchema },
      },
    },
    async (request) =>
      healthSummary((await visibleBots(deps, request, request.query)).map(deps.rowOf)),
  );
  api.get(
    '/v1/health/unhealthy',
    {
      schema: {
        tags,
        summary: 'Bots that are not well, the worst first',
        querystring: z.object({ ...inNamespace, ...pagingQuery }),
        response: { 200: unhealthyPageSchema },
      },
    },
    async (request) => {
      const { namespace, ...page } = request.query;
      const bots = await visibleBots(deps, request, { namespace });
      const ill = bots.filter((bot) => illness(deps.rowOf(bot)) > 0);
      const { items, ...rest } = pageOf(ill, {
        ...page,
        descending: true,
        keyOf: (bot) => [illness(deps.rowOf(bot)), bot.metadata.namespace, bot.metadata.name],
      });
      return { ...rest, items: items.map(botHealth) };
    },
  );
  api.get(
    '/v1/bots/:namespace/:name/health',
    {
      schema: {
        tags,
        summary: 'How one bot does',
        params: botParams,
        response: { 200: botHealthSchema },
      },
    },
    async (request) => botHealth(await findBot(deps, request, request.params)),
  );
}
