import type { BotObject, BotWriter } from '../../admin/backend.ts';
import { RequestProblem } from '../../admin/problem.ts';
import { REQUEST_ANNOTATIONS } from '../../api/bot-requests.ts';
import { KubeApiError } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Manifest } from '../../kube/resource.ts';
import type { Secret } from '../../lib/secret.ts';
import { type StoredBot, TENANT_BOTS } from '../bot/stored-bot.ts';
import { readBot } from './read-objects.ts';

/** A client that is closed when what it was made for is done. */
export interface ClosableClient extends KubeClient {
  close(): Promise<void>;
}

export interface ClusterWriterOptions {
  /** The operator's own. */
  readonly client: KubeClient;
  /** One with the rights of a token and no others. */
  readonly clientFor: (token: Secret) => ClosableClient;
}

/** Who has written, in `managedFields`. */
const fieldManager = 'tenantbot-admin';

/** Writes TenantBots through the API server, whose word on what may be done is the last. */
export function clusterWriter({ client, clientFor }: ClusterWriterOptions): BotWriter {
  async function as(
    token: Secret,
    write: (client: KubeClient) => Promise<StoredBot>,
  ): Promise<BotObject> {
    const own = clientFor(token);
    try {
      return readBot(await write(own));
    } catch (error) {
      throw inWords(error);
    } finally {
      await own.close();
    }
  }
  return {
    patch: ({ token }, bot, patch, signal) =>
      as(token, (own) => own.mergePatch(TENANT_BOTS, bot, patch, { fieldManager, signal })),
    create: ({ token }, manifest, signal) =>
      as(token, (own) =>
        own.create<StoredBot>(TENANT_BOTS, manifest as Manifest, { fieldManager, signal }),
      ),
    async ask(bot, request, value, signal) {
      const annotations = { [REQUEST_ANNOTATIONS[request]]: value };
      await client
        .mergePatch(TENANT_BOTS, bot, { metadata: { annotations } }, { fieldManager, signal })
        .catch((error: unknown) => {
          throw inWords(error);
        });
    },
  };
}

/** What the API server refuses is the caller's affair, in its words. */
function inWords(error: unknown): unknown {
  if (!(error instanceof KubeApiError) || error.status < 400 || error.status >= 500) return error;
  // 422 is what it makes of an object that its schema refuses.
  const status = error.status === 422 ? 400 : error.status;
  return new RequestProblem(status, error.code, error.message);
}
