import type { AdminApi, AdminDeps } from '../api.ts';
import { findBot } from '../find-bot.ts';
import { tokenSchema, tokenView } from '../views/token.ts';
import { botParams } from './schemas.ts';

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
}
