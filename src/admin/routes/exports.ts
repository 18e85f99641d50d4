import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AdminApi, RouteDeps } from '../api.ts';
import type { BotObject } from '../backend.ts';
import { filterBots } from '../bot-list.ts';
import type { Part } from '../caller.ts';
import { CSV, csvBody, type Table } from '../export/csv-body.ts';
import { auditTable, botTable, historyTable, usageTable } from '../export/tables.ts';
import { RequestProblem } from '../problem.ts';
import { listed } from '../views/paging.ts';
import { namespacesFor, visibleBots } from '../visible.ts';
import { auditQuery } from './audit.ts';
import { botFilterQuery } from './bots.ts';
import { ofBots, streamed } from './schemas.ts';

const tags = ['export'];
const response = streamed(
  'text/csv',
  'A table with a header; text that begins a formula is quoted.',
);
const days = z.coerce.number().int().min(1).max(366).default(7);
const hours = z.coerce.number().int().min(1).max(168).default(24);

/** Whole lists as tables, made as they are read. */
export function addExportRoutes(api: AdminApi, deps: RouteDeps): void {
  const { backend } = deps;
  api.get(
    '/v1/export/bots.csv',
    { schema: { tags, summary: 'Bots', querystring: z.object(botFilterQuery), response } },
    async (request, reply) => {
      const { namespace, health, breaker, phase, ...query } = request.query;
      const filter = {
        ...query,
        health: listed(health),
        breaker: listed(breaker),
        phase: listed(phase),
      };
      const bots = (await visibleBots(deps, request, { namespace })).map(deps.rowOf);
      return send(reply, 'bots', botTable(filterBots(bots, filter)));
    },
  );
  api.get(
    '/v1/export/history.csv',
    {
      schema: {
        tags,
        summary: 'How bots did, point by point',
        querystring: z.object({ ...ofBots, hours }),
        response,
      },
    },
    async (request, reply) => {
      const bots = await chosen(deps, request, 'history');
      return send(reply, 'history', historyTable(backend, bots, request.query.hours));
    },
  );
  api.get(
    '/v1/export/usage.csv',
    {
      schema: {
        tags,
        summary: 'How bots were used, step by step',
        querystring: z.object({ ...ofBots, days }),
        response,
      },
    },
    async (request, reply) => {
      const bots = await chosen(deps, request, 'usage');
      return send(reply, 'usage', usageTable(backend, bots, request.query.days));
    },
  );
  api.get(
    '/v1/export/audit.csv',
    {
      schema: {
        tags,
        summary: 'Who changed what, the latest first',
        querystring: z.object(auditQuery),
        response,
      },
    },
    async (request, reply) => {
      const { namespace } = request.query;
      const namespaces = await namespacesFor(deps, request, { namespace, part: 'audit' });
      return send(reply, 'audit', auditTable(backend, namespaces, request.query));
    },
  );
}

interface OfBots {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** The bots that are asked for and may be told of. */
async function chosen(
  deps: RouteDeps,
  request: Pick<FastifyRequest, 'caller' | 'gone'> & { readonly query: OfBots },
  part: Part,
): Promise<readonly BotObject[]> {
  const { namespace, name } = request.query;
  if (name !== undefined && namespace === undefined) {
    throw new RequestProblem(
      400,
      'REQUEST_INVALID',
      'namespace: is missing: a name belongs to one',
    );
  }
  const bots = await visibleBots(deps, request, { namespace, part });
  return name === undefined ? bots : bots.filter(({ metadata }) => metadata.name === name);
}

async function send(reply: FastifyReply, name: string, table: Table): Promise<FastifyReply> {
  const body = await csvBody(table);
  return reply
    .type(CSV)
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .header('cache-control', 'no-store')
    .send(body);
}
