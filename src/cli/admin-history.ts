import type { QueryAnswer, QueryArgs, QueryName } from '../standalone/local-api/history-routes.ts';
import { type AdminClient, type AdminQuery, adminPath } from './admin-client.ts';
import type { HistoryAccess } from './history-output.ts';

/** Where each question is answered. */
const PATHS: Readonly<Record<Exclude<QueryName, 'bot-history'>, string>> = {
  incidents: '/v1/incidents',
  'usage-summary': '/v1/usage/summary',
  'usage-trends': '/v1/usage/trends',
  'error-kinds': '/v1/usage/errors',
  'busiest-times': '/v1/usage/busiest',
  'popular-commands': '/v1/usage/commands',
  'chat-kinds': '/v1/usage/chats',
  'verification-summary': '/v1/verifications',
};

/** The history, as an admin API lets the caller see it. */
export function adminHistory(client: AdminClient): HistoryAccess {
  return {
    async history<Name extends QueryName>(query: Name, args: QueryArgs<Name>) {
      if (query === 'bot-history') {
        const { namespace, name, ...rest } = args as QueryArgs<'bot-history'>;
        const path = adminPath('/v1/bots/{}/{}/history', namespace, name);
        return client.get<QueryAnswer<Name>>(path, rest);
      }
      const path = PATHS[query as Exclude<Name, 'bot-history'>];
      return client.get<QueryAnswer<Name>>(path, args as AdminQuery);
    },
  };
}
