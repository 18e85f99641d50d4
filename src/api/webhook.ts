import { z } from 'zod';
import type { Rule } from './rules.ts';

/** Telegram's own servers. */
const CLOUD = 'https://api.telegram.org';
const CLOUD_PUBLIC_URL = '^https://[^/:]+(:(443|80|88|8443))?(/.*)?$';
const LOOPBACK_PUBLIC_URL =
  '^https?://(localhost|127\\.[0-9]+\\.[0-9]+\\.[0-9]+|\\[::1\\])(:[0-9]+)?(/.*)?$';

/** `spec.webhook` of a BotFleet. */
export const fleetWebhookSchema = z
  .strictObject({
    publicUrl: z
      .string()
      .max(1024)
      .regex(/^https?:\/\/[A-Za-z0-9.\-_[\]:]+(\/[A-Za-z0-9.\-_~%/]*)?$/, {
        error:
          'must be an address such as https://bots.example.com, without user, query or fragment',
      })
      .meta({
        description:
          'Address at which Telegram reaches the fleet from outside. Whatever answers there hands requests on to the Service tenantbot-<fleet>-webhook; in standalone, to --webhook-port.',
      }),
    maxConnections: z.int().min(1).max(100).default(40).meta({
      description: 'How many updates of one bot Telegram may send side by side.',
    }),
  })
  .meta({ description: 'How Telegram reaches the bots of the fleet; they poll unless given.' });

export type FleetWebhook = z.output<typeof fleetWebhookSchema>;

/** What the rule below looks at. */
interface FleetAddresses {
  readonly webhook?: FleetWebhook | undefined;
  readonly telegram: { readonly apiRoot: string };
}

/**
 * Where Telegram's own servers send updates. A Bot API server of one's own takes any address, and
 * whoever names this machine can only mean one.
 */
export const PUBLIC_URL_RULE: Rule<FleetAddresses> = {
  cel: `!has(self.webhook) || !self.telegram.apiRoot.startsWith('${CLOUD}') || self.webhook.publicUrl.matches(r'${CLOUD_PUBLIC_URL}') || self.webhook.publicUrl.matches(r'${LOOPBACK_PUBLIC_URL}')`,
  message:
    'webhook.publicUrl must be an https:// address with a host name and port 443, 80, 88 or 8443: Telegram sends updates nowhere else',
  holds: ({ webhook, telegram }) =>
    webhook === undefined ||
    !telegram.apiRoot.startsWith(CLOUD) ||
    new RegExp(CLOUD_PUBLIC_URL).test(webhook.publicUrl) ||
    new RegExp(LOOPBACK_PUBLIC_URL).test(webhook.publicUrl),
};
