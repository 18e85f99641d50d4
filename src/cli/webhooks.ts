import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../lib/clock.ts';
import { inputError } from '../lib/errors.ts';
import { createPassOn } from '../runtime/webhook/pass-on.ts';
import type { WebhookListener } from '../runtime/webhook/webhook-door.ts';
import { WebhookRoutes } from '../runtime/webhook/webhook-routes.ts';
import { startWebhookServer, WEBHOOK_RESULTS } from '../runtime/webhook/webhook-server.ts';
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
  const requests = requestCounter(registry);
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

function requestCounter(registry: Registry): Counter {
  const counter = new Counter({
    name: 'tenantbot_webhook_requests_total',
    help: 'Requests to the port for webhooks, by how they ended',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of WEBHOOK_RESULTS) counter.inc({ result }, 0);
  return counter;
}
