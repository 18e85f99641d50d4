import { z } from 'zod';
import { Secret } from '../../lib/secret.ts';
import type { AdminApi, AdminDeps } from '../api.ts';
import type { FleetObject } from '../backend.ts';
import { demand, findBot } from '../find-bot.ts';
import { fleetNamed } from '../fleet-named.ts';
import { RequestProblem } from '../problem.ts';
import { validateToken } from '../validate-token.ts';
import { tokenSchema, tokenView, validatedTokenSchema } from '../views/token.ts';
import { botParams, inNamespace } from './schemas.ts';

const MAX_TOKEN = 256;

const givenTokenSchema = z.strictObject({
  token: z.string().min(1).max(MAX_TOKEN),
  ...inNamespace,
  fleet: z.string().max(63).default('default').describe('Whose Telegram is asked.'),
});

/** What is known of tokens. */
export function addTokenRoutes(api: AdminApi, deps: AdminDeps): void {
  api.get(
    '/v1/bots/:namespace/:name/token',
    {
      schema: {
        tags: ['tokens'],
        summary: "What is known of a bot's token; never the token itself",
        params: botParams,
        response: { 200: tokenSchema },
      },
    },
    async (request) => tokenView(await findBot(deps, request, request.params)),
  );
  api.post(
    '/v1/tokens/validate',
    {
      config: { limit: 'operations' },
      schema: {
        tags: ['tokens'],
        summary: 'Asks Telegram about a token, which is kept nowhere',
        body: givenTokenSchema,
        response: { 200: validatedTokenSchema },
      },
    },
    async (request) => {
      const { token, namespace, fleet } = request.body;
      const right = { verb: 'update', resource: 'tenantbots', part: 'token', namespace } as const;
      await demand(deps, request, right);
      const telegram = deps.backend.telegramOf(findFleet(deps, fleet));
      return validateToken(new Secret(token), telegram, request.gone);
    },
  );
}

function findFleet({ backend }: AdminDeps, name: string): FleetObject {
  const fleet = fleetNamed(backend, name);
  if (fleet) return fleet;
  throw new RequestProblem(404, 'FLEET_NOT_FOUND', `there is no fleet ${name}`);
}
