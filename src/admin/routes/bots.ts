import { z } from 'zod';
import { PHASES } from '../../api/tenant-bot-status.ts';
import type { AdminApi, RouteDeps } from '../api.ts';
import { BREAKER_FILTERS, HEALTH_FILTERS, listBots, SORTS } from '../bot-list.ts';
import { findBot } from '../find-bot.ts';
import { botDetail, botDetailSchema, botPageSchema } from '../views/bot.ts';
import { listed, pagingQuery, someOf } from '../views/paging.ts';
import { visibleBots } from '../visible.ts';
import { botParams, inNamespace } from './schemas.ts';

/** What bots are filtered by in a query string. */
export const botFilterQuery = {
  ...inNamespace,
  search: z
    .string()
    .max(100)
    .optional()
    .describe('Stands somewhere in `namespace/name` or `@username`, in upper or lower case.'),
  health: someOf(HEALTH_FILTERS),
  breaker: someOf(BREAKER_FILTERS),
  phase: someOf(PHASES),
  fleet: z.string().max(63).optional(),
};

const tags = ['bots'];

/** Lists of bots, and what is known of one. */
export function addBotRoutes(api: AdminApi, deps: RouteDeps): void {
  api.get(
    '/v1/bots',
    {
      schema: {
        tags,
        summary: 'Bots, filtered, sorted and page by page',
        querystring: z.object({
          ...botFilterQuery,
          sort: z.enum(SORTS).default('name').describe('With `-` before it: from high to low.'),
          ...pagingQuery,
        }),
        response: { 200: botPageSchema },
      },
    },
    async (request) => {
      const { namespace, health, breaker, phase, ...query } = request.query;
      const bots = await visibleBots(deps, request, { namespace });
      return listBots(bots.map(deps.rowOf), {
        ...query,
        health: listed(health),
        breaker: listed(breaker),
        phase: listed(phase),
      });
    },
  );
  api.get(
    '/v1/bots/:namespace/:name',
    {
      schema: {
        tags,
        summary: 'All that is known of a bot',
        params: botParams,
        response: { 200: botDetailSchema },
      },
    },
    async (request) => botDetail(await findBot(deps, request, request.params)),
  );
}
