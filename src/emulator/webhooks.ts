import { rootCertificates } from 'node:tls';
import type { RawArgs } from './args.ts';
import type { Bot } from './bot.ts';
import type { WebhookHost } from './methods/method.ts';
import { parseBody } from './request-args.ts';
import { Webhook } from './webhook.ts';
import { openPoster } from './webhook-poster.ts';
import type { WebhookRules } from './webhook-rules.ts';
import type { World } from './world.ts';

/** What webhooks work with. */
export interface WebhooksOptions {
  readonly world: World;
  readonly rules: WebhookRules;
  /** PEM to trust beside the usual certificates, `''` for none. */
  readonly ca: string;
  /** Carries out a call that an endpoint has put into its answer. */
  readonly answer: (bot: Bot, raw: RawArgs) => Promise<void>;
}

/** The part of the server that starts webhooks when bots ask for them. */
export function openWebhooks({ world, rules, ca, answer }: WebhooksOptions): WebhookHost {
  return {
    rules,
    open(bot, settings, { url, address }) {
      const extra = [ca, settings.certificate ?? ''].filter((pem) => pem !== '');
      const webhook = new Webhook({
        settings,
        shownIpAddress: address,
        poster: openPoster({
          url,
          address,
          secretToken: settings.secretToken,
          maxConnections: settings.maxConnections,
          ca: extra.length > 0 ? [...rootCertificates, ...extra] : [],
        }),
        queue: bot.queue,
        clock: world.clock,
        random: world.random,
        ledger: world.ledger,
        onReply({ body, contentType }) {
          const values = new Map<string, unknown>();
          if (body !== '') parseBody(contentType.toLowerCase(), body, values);
          void answer(bot, { values, files: new Map() });
        },
        onGone() {
          if (bot.webhook === webhook) bot.webhook = undefined;
        },
      });
      bot.webhook = webhook;
      webhook.wake();
    },
  };
}
