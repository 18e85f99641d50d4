import { secretNames } from '../secrets/credentials.ts';
import type { BotIndex } from './fleet-directory.ts';
import { fleetNameOf, readSpec, type StoredBot } from './stored-bot.ts';

/** The indexes that a cache of TenantBots must have. Secrets are filed as `namespace/name`. */
export const BOT_INDEXES: Readonly<Record<BotIndex, (bot: StoredBot) => readonly string[]>> = {
  fleet: (bot) => [fleetNameOf(bot)],
  namespace: ({ metadata }) => [metadata.namespace ?? ''],
  secret: (bot) => {
    const spec = readSpec(bot);
    if (!spec.ok) return [];
    return Array.from(secretNames(spec.value), (name) => `${bot.metadata.namespace}/${name}`);
  },
};
