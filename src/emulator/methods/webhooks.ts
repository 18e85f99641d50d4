import { badRequest, conflict, tooManyRequests } from '../api-error.ts';
import type { Args } from '../args.ts';
import { shownKinds } from '../update-kinds.ts';
import type { WebhookSettings } from '../webhook.ts';
import { checkEndpoint, type WebhookRules } from '../webhook-rules.ts';
import { type Answer, answer, type Call, type Method } from './method.ts';

const SET_WEBHOOK_PAUSE_MS = 1_000;

/** Having updates sent. */
export const WEBHOOK_METHODS: readonly Method[] = [
  { name: 'setWebhook', run: (call) => setWebhook(call, call.args.text('url')) },
  { name: 'deleteWebhook', run: (call) => setWebhook(call, '') },
  { name: 'getWebhookInfo', run: getWebhookInfo },
];

async function setWebhook(call: Call, url: string): Promise<Answer> {
  const { bot, args, webhooks } = call;
  if (url !== '') countSetWebhook(call);
  const dropPending = args.bool('drop_pending_updates');
  const settings = url === '' ? undefined : settingsFrom(args, url, webhooks.rules);
  if (!dropPending && isSame(bot.webhook?.settings, settings)) {
    bot.allowUpdates(args.text('allowed_updates'));
    return answer(true, settings ? 'Webhook is already set' : 'Webhook is already deleted');
  }
  const wasSet = bot.webhook !== undefined;
  bot.dropWebhook();
  if (dropPending) bot.queue.keepLast(0);
  if (!settings) return answer(true, wasSet ? 'Webhook was deleted' : 'Webhook is already deleted');
  await openWebhook(call, settings);
  return answer(true, 'Webhook was set');
}

async function openWebhook(
  { bot, args, webhooks }: Call,
  settings: WebhookSettings,
): Promise<void> {
  const generation = bot.webhookGeneration;
  bot.polls.endForWebhook();
  checkSecret(settings.secretToken);
  const endpoint = await checkEndpoint(settings.url, settings.ipAddress, webhooks.rules);
  if (generation !== bot.webhookGeneration) throw conflict('terminated by other setWebhook');
  bot.allowUpdates(args.text('allowed_updates'));
  webhooks.open(bot, settings, endpoint);
}

/** Webhooks may be set once a second. */
function countSetWebhook({ bot, world }: Call): void {
  const nowMs = world.clock.monotonicMs();
  if (nowMs < bot.nextSetWebhookMs) throw tooManyRequests(1);
  bot.nextSetWebhookMs = nowMs + SET_WEBHOOK_PAUSE_MS;
}

function settingsFrom(args: Args, url: string, rules: WebhookRules): WebhookSettings {
  return {
    url,
    secretToken: args.text('secret_token'),
    maxConnections: args.integer('max_connections', {
      fallback: 40,
      min: 1,
      max: rules === 'any' ? 100_000 : 100,
    }),
    ipAddress: args.text('ip_address'),
    certificate: args.file('certificate')?.head.toString('utf8'),
  };
}

/** A certificate always counts as a change, as in the real server. */
function isSame(old: WebhookSettings | undefined, wanted: WebhookSettings | undefined): boolean {
  if (!old || !wanted) return old === wanted;
  return (
    old.url === wanted.url &&
    old.secretToken === wanted.secretToken &&
    old.maxConnections === wanted.maxConnections &&
    old.ipAddress === wanted.ipAddress &&
    old.certificate === undefined &&
    wanted.certificate === undefined
  );
}

function checkSecret(secret: string): void {
  if (Buffer.byteLength(secret) > 256) throw badRequest('secret token is too long');
  if (!/^[A-Za-z0-9_-]*$/.test(secret)) {
    throw badRequest('secret token contains unallowed characters');
  }
}

function getWebhookInfo({ bot }: Call): Answer {
  const { webhook, queue } = bot;
  return answer({
    url: webhook?.settings.url ?? '',
    has_custom_certificate: webhook?.settings.certificate !== undefined,
    pending_update_count: queue.size,
    ...(webhook && {
      ...(webhook.lastError && {
        last_error_date: Math.floor(webhook.lastError.atMs / 1_000),
        last_error_message: webhook.lastError.text,
      }),
      max_connections: webhook.settings.maxConnections,
      ip_address: webhook.shownIpAddress,
    }),
    allowed_updates: shownKinds(bot.allowedKinds),
  });
}
