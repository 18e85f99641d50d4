import type { Registry } from 'prom-client';
import type { Clock } from '../lib/clock.ts';
import { inputError } from '../lib/errors.ts';
import { createPassOn } from '../runtime/webhook/pass-on.ts';
import type { WebhookListener } from '../runtime/webhook/webhook-door.ts';
import { webhookCounter } from '../runtime/webhook/webhook-metrics.ts';
import { WebhookRoutes } from '../runtime/webhook/webhook-routes.ts';
import { startWebhookServer } from '../runtime/webhook/webhook-server.ts';
import type { RuntimeSettings } from './runtime-settings.ts';

/** The way in for webhooks of a runtime, while it is open. */
export interface OpenWebhooks {
  readonly listener: WebhookListener;
  close(): Promise<void>;
}

/**
 * Opens the port for webhooks, where there is to be one, and the way to the other shards. Rejects
 * in words where it can't be opened, or where it is not said which shard this is.
 */
export async function openWebhooks(
  settings: Pick<RuntimeSettings, 'webhookPort' | 'webhookPeers' | 'podName'>,
  { clock, registry }: { readonly clock: Clock; readonly registry: Registry },
): Promise<OpenWebhooks | undefined> {
  const { webhookPort: port, webhookPeers: peers, podName } = settings;
  if (port === undefined) return undefined;
  if (podName === undefined) {
    throw inputError(
      'POD_NAME_NEEDED',
      '--webhook-port needs --pod-name: it says which shard this is',
    );
  }
  const ordinal = Number(podName.slice(podName.lastIndexOf('-') + 1));
  const routes = new WebhookRoutes();
  const requests = webhookCounter(registry);
  const passOn =
    peers === undefined
      ? undefined
      : createPassOn({ peers, ordinal, shards: () => routes.shards, clock });
  const server = await startWebhookServer({
    port,
    routes,
    ...(passOn && { passOn }),
    onResult: (result) => requests.inc({ result }),
  });
  return {
    listener: { routes, ordinal },
    async close() {
      await Promise.all([server.close(), passOn?.close()]);
    },
  };
}
