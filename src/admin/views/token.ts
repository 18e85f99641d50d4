import { z } from 'zod';
import { TOKEN_STATES } from '../../api/token.ts';
import type { BotObject } from '../backend.ts';

const identity = z.object({ id: z.int(), username: z.string(), name: z.string() });

/** Answer of `GET /v1/bots/{namespace}/{name}/token`: never the token itself. */
export const tokenSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  state: z.enum(TOKEN_STATES).nullable().describe('Null until something is known of it.'),
  lastChecked: z.string().nullable(),
  message: z.string().describe('What is wrong and what to do; empty if all is well.'),
  bot: identity.nullable(),
});
export type TokenView = z.output<typeof tokenSchema>;

/** Answer of `POST /v1/tokens/validate`: what Telegram says of a token that is kept nowhere. */
export const validatedTokenSchema = z.object({
  state: z.enum(TOKEN_STATES),
  message: z.string(),
  bot: identity.nullable().describe('Whose token it is, where Telegram knows it.'),
});
export type ValidatedToken = z.output<typeof validatedTokenSchema>;

/** What is known of the token of `bot`. */
export function tokenView({ metadata, status }: BotObject): TokenView {
  const { namespace, name } = metadata;
  const { token, bot } = status;
  return {
    namespace,
    name,
    state: token?.state ?? null,
    lastChecked: token?.lastChecked ?? null,
    message: token?.message ?? '',
    bot: bot ?? null,
  };
}
