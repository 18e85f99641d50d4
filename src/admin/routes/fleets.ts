import { z } from 'zod';
import { cooldownLeftMs } from '../../api/cooldown.ts';
import type { AdminApi, AdminDeps } from '../api.ts';
import type { BotObject } from '../backend.ts';
import { pageOf } from '../keyset.ts';
import { fleetRates, fleetShards, ratesSchema, shardsSchema } from '../views/fleet.ts';
import { pagingQuery } from '../views/paging.ts';
import { visibleBots, visibleFleets } from '../visible.ts';

const MAX_FLEETS = 100;
const MAX_BOTS = 100;

/** What fleets have: shards, and rates with those who wait for them. */
export function addFleetRoutes(api: AdminApi, deps: AdminDeps): void {
  api.get(
    '/v1/rates',
    {
      schema: {
        tags: ['rates'],
        summary: 'Limits of fleets: grants and use; cooldowns of bots and the cold-start queue',
        response: { 200: ratesSchema },
      },
    },
    async (request) => {
      const fleets = await visibleFleets(deps, request, 'rates');
      const bots = await visibleBots(deps, request, {});
      const now = deps.clock.wallMs();
      return {
        fleets: pageOf(fleets, { limit: MAX_FLEETS, keyOf: byName }).items.map(fleetRates),
        cooldowns: firstOf(bots.flatMap((bot) => coolingDown(bot, now))),
        coldStarts: firstOf(bots.flatMap(waitingForTurn)),
      };
    },
  );
  api.get(
    '/v1/shards',
    {
      schema: {
        tags: ['shards'],
        summary: 'Fleets with each of their shards',
        querystring: z.object({
          ...pagingQuery,
          limit: z.coerce.number().int().min(1).max(MAX_FLEETS).default(MAX_FLEETS),
        }),
        response: { 200: shardsSchema },
      },
    },
    async (request) => {
      const fleets = await visibleFleets(deps, request, 'placement');
      const { items, ...rest } = pageOf(fleets, { ...request.query, keyOf: byName });
      return { ...rest, items: items.map(fleetShards) };
    },
  );
}

function byName({ metadata }: { readonly metadata: BotObject['metadata'] }): string[] {
  return [metadata.namespace, metadata.name];
}

function firstOf<Item extends { readonly namespace: string; readonly name: string }>(
  items: readonly Item[],
) {
  return pageOf(items, { limit: MAX_BOTS, keyOf: ({ namespace, name }) => [namespace, name] });
}

function coolingDown({ metadata, status }: BotObject, nowMs: number) {
  const { cooldown } = status;
  if (!cooldown || cooldownLeftMs(cooldown, nowMs) === 0) return [];
  const { namespace, name } = metadata;
  return [{ namespace, name, ...cooldown }];
}

function waitingForTurn({ metadata, status }: BotObject) {
  const waiting = status.conditions?.find(({ reason }) => reason === 'ColdStart');
  const { namespace, name } = metadata;
  return waiting ? [{ namespace, name, message: waiting.message }] : [];
}
