import { z } from 'zod';
import type { Bot } from '../bot.ts';
import type { Controlled, Routes } from './controlled.ts';
import * as schema from './schemas.ts';

/** Making bots, and their tokens. */
export function addBotRoutes(routes: Routes, { world }: Controlled): void {
  routes.post(
    '/bots',
    { schema: { summary: 'Make a bot', body: schema.newBot, response: { 200: schema.madeBot } } },
    ({ body }) => {
      const { bot, token } = world.createBot(body);
      return { ...botView(bot), token };
    },
  );
  routes.get(
    '/bots',
    { schema: { summary: 'All bots', response: { 200: z.object({ bots: z.array(schema.bot) }) } } },
    () => ({ bots: Array.from(world.bots(), botView) }),
  );
  routes.get(
    '/bots/:bot',
    { schema: { summary: 'One bot', params: schema.botParam, response: { 200: schema.bot } } },
    ({ params }) => botView(world.bot(params.bot)),
  );
  routes.post(
    '/bots/:bot/revoke-token',
    {
      schema: {
        summary: 'Make the token worthless at once',
        params: schema.botParam,
        body: schema.nothing,
        response: { 200: schema.done },
      },
    },
    ({ params }) => {
      world.revokeToken(world.bot(params.bot));
      return { done: true } as const;
    },
  );
  routes.post(
    '/bots/:bot/reissue-token',
    {
      schema: {
        summary: 'Give the bot a new token; the old one is worthless at once',
        params: schema.botParam,
        body: schema.reissue,
        response: { 200: schema.newToken },
      },
    },
    ({ params, body }) => ({ token: world.reissueToken(world.bot(params.bot), body) }),
  );
}

function botView(bot: Bot): z.output<typeof schema.bot> {
  return {
    id: bot.id,
    username: bot.name.username,
    name: bot.user.first_name,
    pendingUpdates: bot.queue.size,
    polling: bot.polls.open,
    webhookUrl: bot.webhook?.settings.url ?? null,
  };
}
