import type { TokenFinding } from './bot-secrets.ts';
import { GROUP } from './group.ts';
import type { BotIdentity } from './tenant-bot-status.ts';

/** The annotation of a TenantBot that lets it become another bot: its value is that bot's id. */
export const ACCEPT_OTHER_BOT = `${GROUP}/accept-other-bot`;

/** What is known of the TenantBot that a token is for. */
export interface TokenOwner {
  /** Who it has been so far; undefined before it first ran. */
  readonly bot: BotIdentity | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/**
 * `token`, unless it is that of another bot at Telegram: then whoever talks to this one would find a
 * stranger, so somebody has to say that this is meant. A TenantBot that never ran takes any.
 */
export function ownToken(token: TokenFinding, { bot, annotations }: TokenOwner): TokenFinding {
  if (token.kind !== 'ok' || !bot || bot.id === token.botId) return token;
  const other = String(token.botId);
  if (annotations?.[ACCEPT_OTHER_BOT] === other) return token;
  return {
    kind: 'OtherBot',
    message: `The token belongs to the bot with the id ${other}, but this TenantBot is @${bot.username}, id ${bot.id}. Put a token of ${bot.id} into the Secret. If the other bot is meant, make a TenantBot of its own for it, or have this one become that bot with the annotation ${ACCEPT_OTHER_BOT}: "${other}".`,
  };
}
