import type { BotRequest } from '../../api/bot-requests.ts';
import { askBot } from '../actions.ts';
import type { AdminApi, AdminDeps } from '../api.ts';
import type { Part } from '../caller.ts';
import { findBot } from '../find-bot.ts';
import { askedSchema } from '../views/action.ts';
import { botParams } from './schemas.ts';

interface RequestRoute {
  readonly path: string;
  readonly request: BotRequest;
  readonly part: Part;
  readonly tag: string;
  readonly summary: string;
}

const ROUTES: readonly RequestRoute[] = [
  {
    path: 'persist',
    request: 'persist',
    part: 'history',
    tag: 'history',
    summary: 'Has it written down how a bot does, now',
  },
  {
    path: 'breaker/reset',
    request: 'resetBreaker',
    part: 'breaker',
    tag: 'breakers',
    summary: "Closes a bot's breaker",
  },
  {
    path: 'token/check',
    request: 'checkToken',
    part: 'token',
    tag: 'tokens',
    summary: "Asks Telegram about a bot's token",
  },
  {
    path: 'restart',
    request: 'restart',
    part: 'lifecycle',
    tag: 'bots',
    summary: 'Starts a bot anew',
  },
];

/** What can be asked of one bot beyond its spec. Answers before the bot has done it. */
export function addRequestRoutes(api: AdminApi, deps: AdminDeps): void {
  for (const { path, request: asked, part, tag, summary } of ROUTES) {
    api.post(
      `/v1/bots/:namespace/:name/${path}`,
      {
        config: { limit: 'operations' },
        schema: {
          tags: [tag],
          summary,
          params: botParams,
          response: { 202: askedSchema },
        },
      },
      async (request, reply) => {
        const wanted = { verb: 'update', part } as const;
        const { metadata } = await findBot(deps, request, request.params, wanted);
        return reply.code(202).send(await askBot(deps, request.caller, metadata, asked));
      },
    );
  }
}
