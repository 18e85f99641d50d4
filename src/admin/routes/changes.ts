import { z } from 'zod';
import { API_VERSION } from '../../api/group.ts';
import { metadataSchema } from '../../api/metadata.ts';
import { changeBot, createBot } from '../actions.ts';
import type { AdminApi, AdminDeps } from '../api.ts';
import { demand, findBot } from '../find-bot.ts';
import { changedBotSchema } from '../views/bot.ts';
import { botParams } from './schemas.ts';

const tags = ['bots'];
const limit = (most: number) => z.int().min(1).max(most).optional();

const changeSchema = z
  .strictObject({
    suspended: z.boolean().optional(),
    limits: z
      .strictObject({
        requestsPerSecond: limit(1_000),
        burst: limit(1_000),
        maxConcurrent: limit(1_000),
        weight: limit(100),
      })
      .optional(),
  })
  .refine(({ suspended, limits }) => suspended !== undefined || limits !== undefined, {
    error: 'must say what to change: suspended, limits',
  });

const newBotSchema = z.strictObject({
  namespace: metadataSchema.shape.namespace,
  name: metadataSchema.shape.name,
  labels: z.record(z.string(), z.string()).optional(),
  spec: z.record(z.string(), z.unknown()).describe('As in a manifest of a TenantBot.'),
});

/** Changes of specs: made with the caller's own rights, so that whoever keeps the bot sees them. */
export function addChangeRoutes(api: AdminApi, deps: AdminDeps): void {
  const wanted = { verb: 'patch' } as const;
  api.post(
    '/v1/bots',
    {
      config: { limit: 'creation' },
      schema: {
        tags,
        summary: 'Makes a bot',
        body: newBotSchema,
        response: { 201: changedBotSchema },
      },
    },
    async (request, reply) => {
      const { spec, ...metadata } = request.body;
      const { namespace } = metadata;
      await demand(deps, request, { verb: 'create', resource: 'tenantbots', namespace });
      const manifest = { apiVersion: API_VERSION, kind: 'TenantBot', metadata, spec };
      return reply.code(201).send(await createBot(deps, request, manifest));
    },
  );
  api.patch(
    '/v1/bots/:namespace/:name',
    {
      config: { limit: 'operations' },
      schema: {
        tags,
        summary: 'Suspends, resumes, or changes limits',
        params: botParams,
        body: changeSchema,
        response: { 200: changedBotSchema },
      },
    },
    async (request) => {
      const bot = await findBot(deps, request, request.params, wanted);
      const patch = { spec: request.body };
      return changeBot(deps, request, bot, { action: 'change', patch, detail: request.body });
    },
  );
  for (const [action, suspended] of [
    ['suspend', true],
    ['resume', false],
  ] as const) {
    api.post(
      `/v1/bots/:namespace/:name/${action}`,
      {
        config: { limit: 'operations' },
        schema: {
          tags,
          summary: suspended ? 'Stops a bot, and keeps it' : 'Has a bot that was suspended go on',
          params: botParams,
          response: { 200: changedBotSchema },
        },
      },
      async (request) => {
        const bot = await findBot(deps, request, request.params, wanted);
        return changeBot(deps, request, bot, { action, patch: { spec: { suspended } } });
      },
    );
  }
}
