import { z } from 'zod';
import { TRANSITION_KINDS } from '../../api/history-records.ts';
import { botHistory } from '../../history/queries/bot-history.ts';
import { INCIDENT_KINDS, incidents } from '../../history/queries/incidents.ts';
import { transitionList } from '../../history/queries/transition-list.ts';
import type { AdminApi, RouteDeps } from '../api.ts';
import { findBot } from '../find-bot.ts';
import { fleetNamed, snapshotSecondsOf } from '../fleet-named.ts';
import { flag, listed, pagingQuery, someOf } from '../views/paging.ts';
import { botHistorySchema, incidentPageSchema, transitionPageSchema } from '../views/past.ts';
import { namespacesFor } from '../visible.ts';
import { botParams, ofBots } from './schemas.ts';

const tags = ['history'];
const hours = z.coerce.number().int().min(1).max(168).default(24).describe('Back from now.');

/** How bots did. */
export function addHistoryRoutes(api: AdminApi, deps: RouteDeps): void {
  const wanted = { verb: 'get', part: 'history' } as const;
  api.get(
    '/v1/bots/:namespace/:name/history',
    {
      schema: {
        tags,
        summary: 'How one bot did over time',
        params: botParams,
        querystring: z.object({ hours }),
        response: { 200: botHistorySchema },
      },
    },
    async (request) => {
      const bot = await findBot(deps, request, request.params, wanted);
      const { metadata, status } = bot;
      const { namespace, name } = metadata;
      const fleet = fleetNamed(deps.backend, deps.rowOf(bot).fleet);
      const snapshotSeconds = snapshotSecondsOf(fleet);
      const args = { namespace, name, ...request.query, snapshotSeconds };
      const since = [status.health?.state, status.breaker?.state, status.handledRequests?.persist];
      return deps.askHistory({
        query: botHistory,
        namespaces: [namespace],
        args,
        use: 'chart',
        since,
      });
    },
  );
  api.get(
    '/v1/bots/:namespace/:name/transitions',
    {
      schema: {
        tags,
        summary: "How one bot's states changed, its place included; the latest first",
        params: botParams,
        querystring: z.object({ hours, kinds: someOf(TRANSITION_KINDS), ...pagingQuery }),
        response: { 200: transitionPageSchema },
      },
    },
    async (request) => {
      const { metadata } = await findBot(deps, request, request.params, wanted);
      const { namespace, name } = metadata;
      const { kinds, ...query } = request.query;
      const args = { namespace, name, ...query, ...some({ kinds: listed(kinds) }) };
      return deps.askHistory({ query: transitionList, namespaces: [namespace], args });
    },
  );
  api.get(
    '/v1/incidents',
    {
      schema: {
        tags,
        summary: 'When bots were not well, the latest first',
        querystring: z.object({
          hours,
          ...ofBots,
          kinds: someOf(INCIDENT_KINDS),
          open: flag.describe('Those alone that go on.'),
          total: flag.describe('Whether to count them all.'),
          ...pagingQuery,
        }),
        response: { 200: incidentPageSchema },
      },
    },
    async (request) => {
      const { kinds, ...query } = request.query;
      const { namespace } = query;
      const namespaces = await namespacesFor(deps, request, { namespace, part: 'history' });
      const args = { ...query, ...some({ kinds: listed(kinds) }) };
      return deps.askHistory({ query: incidents, namespaces, args });
    },
  );
}

/** Without kinds there is nothing to look for: as where they are not said. */
function some<Kind>({ kinds }: { readonly kinds: readonly Kind[] | undefined }) {
  return kinds === undefined || kinds.length === 0 ? {} : { kinds: [...kinds] };
}
