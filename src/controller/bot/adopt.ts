import { isStatus } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type StoredBot, TENANT_BOTS } from './stored-bot.ts';

const PAGE = 500;

/**
 * Reads every TenantBot as it is now, past all caches: where the leader before has placed bots last
 * must not be missed. Calls `onBot` for each, for some twice where the list has to begin anew.
 */
export async function readAllBots(
  { client, namespace }: { readonly client: KubeClient; readonly namespace?: string | undefined },
  onBot: (bot: StoredBot) => void,
  signal: AbortSignal,
): Promise<void> {
  let token: string | undefined = '';
  while (token !== undefined) {
    signal.throwIfAborted();
    const from: object = token === '' ? {} : { continue: token };
    try {
      const page = await client.list(TENANT_BOTS, { namespace, limit: PAGE, signal, ...from });
      for (const bot of page.items) onBot(bot);
      token = page.metadata.continue || undefined;
    } catch (error) {
      // The list took so long that its beginning is too old.
      if (token === '' || !isStatus(error, 410)) throw error;
      token = '';
    }
  }
}
