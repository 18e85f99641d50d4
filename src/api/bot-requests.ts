import { z } from 'zod';
import { GROUP } from './group.ts';

/** What people may ask of a bot beyond its spec, each by an annotation of the TenantBot. */
export const BOT_REQUESTS = ['checkToken', 'resetBreaker', 'restart', 'persist'] as const;
export type BotRequest = (typeof BOT_REQUESTS)[number];

/**
 * The annotation that asks for each. Whenever its value becomes another (a time, by custom), the
 * bot does it once; `status.handledRequests` then shows that value.
 */
export const REQUEST_ANNOTATIONS: Readonly<Record<BotRequest, string>> = {
  checkToken: `${GROUP}/check-token`,
  resetBreaker: `${GROUP}/reset-breaker`,
  restart: `${GROUP}/restart`,
  persist: `${GROUP}/persist`,
};

const MAX_VALUE_LENGTH = 64;
const value = z.string().max(MAX_VALUE_LENGTH).optional();

export const botRequestsSchema = z
  .strictObject({
    checkToken: value.meta({ description: 'That Telegram be asked about the token.' }),
    resetBreaker: value.meta({ description: 'That the circuit breaker be closed.' }),
    restart: value.meta({ description: 'That the bot be started anew.' }),
    persist: value.meta({ description: 'That how it does be told for the history, now.' }),
  })
  .meta({ description: 'The requests (annotations of the TenantBot) that were met last.' });

/** The newest request of each kind; a text that is new for each. */
export type BotRequests = z.output<typeof botRequestsSchema>;

/** What `annotations` ask for; undefined where they ask for nothing. Longer values are cut. */
export function requestsOf(
  annotations: Readonly<Record<string, string>> | undefined,
): BotRequests | undefined {
  const asked = BOT_REQUESTS.flatMap((request) => {
    const text = annotations?.[REQUEST_ANNOTATIONS[request]];
    return text ? [[request, text.slice(0, MAX_VALUE_LENGTH)] as const] : [];
  });
  return asked.length === 0 ? undefined : Object.fromEntries(asked);
}

/** The kinds in which `asked` holds another value than `met`. */
export function newRequests(
  asked: BotRequests | undefined,
  met: BotRequests | undefined,
): BotRequest[] {
  return BOT_REQUESTS.filter((request) => {
    const value = asked?.[request];
    return value !== undefined && value !== met?.[request];
  });
}
