import { ApiError, badRequest, conflict, tooManyRequests } from '../api-error.ts';
import type { Args } from '../args.ts';
import type { Bot } from '../bot.ts';
import type { PendingUpdate } from '../pending-update.ts';
import { updateJson } from '../pending-update.ts';
import type { PollResult } from '../poll-gate.ts';
import { parseAllowedUpdates, shownKinds } from '../update-kinds.ts';
import type { WebhookSettings } from '../webhook.ts';
import { checkEndpoint, type WebhookRules } from '../webhook-rules.ts';
import { type Answer, answer, type Call, type Method } from './method.ts';

const MAX_POLL_SECONDS = 50;
const SET_WEBHOOK_PAUSE_MS = 1_000;
/** The real server cuts an answer off there; what is left comes with the next call. */
const MAX_ANSWER_CHARS = 1 << 22;

/** getUpdates and the webhook methods. */
export const UPDATE_METHODS: readonly Method[] = [
  { name: 'getUpdates', run: getUpdates },
  { name: 'setWebhook', run: (call) => setWebhook(call, call.args.text('url')) },
  { name: 'deleteWebhook', run: (call) => setWebhook(call, '') },
  { name: 'getWebhookInfo', run: getWebhookInfo },
];

async function getUpdates({ bot, args }: Call): Promise<Answer> {
  const result = await new Promise<PollResult<PendingUpdate>>((resolve) => {
    if (bot.webhook) {
      bot.polls.refuse(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        resolve,
      );
      return;
    }
    allowUpdates(bot, args);
    bot.polls.request(
      {
        offset: args.integer('offset', { fallback: 0 }),
        limit: args.integer('limit', { fallback: 100, min: 1, max: 100 }),
        timeoutMs: args.integer('timeout', { fallback: 0, min: 0, max: MAX_POLL_SECONDS }) * 1_000,
      },
      resolve,
    );
  });
  if (result instanceof ApiError) throw result;
  return updatesAnswer(result);
}

function updatesAnswer(waiting: Extract<PollResult<PendingUpdate>, readonly unknown[]>): Answer {
  const bodies: string[] = [];
  let left = MAX_ANSWER_CHARS;
  for (const { id, item } of waiting) {
    const body = updateJson(id, item.json);
    left -= body.length;
    if (left <= 0) break;
    bodies.push(body);
  }
  return { resultJson: `[${bodies.join(',')}]`, updates: waiting.slice(0, bodies.length) };
}

async function setWebhook(call: Call, url: string): Promise<Answer> {
  const { bot, args, webhooks } = call;
  if (url !== '') countSetWebhook(call);
  const dropPending = args.bool('drop_pending_updates');
  const settings = url === '' ? undefined : settingsFrom(args, url, webhooks.rules);
  if (!dropPending && isSame(bot.webhook?.settings, settings)) {
    allowUpdates(bot, args);
    return answer(true, settings ? 'Webhook is already set' : 'Webhook is already deleted');
  }
  if (settings) bot.polls.endForWebhook();
  const wasSet = bot.webhook !== undefined;
  bot.webhook?.stop();
  bot.webhook = undefined;
  const generation = ++bot.webhookGeneration;
  if (dropPending) bot.queue.keepLast(0);
  if (!settings) return answer(true, wasSet ? 'Webhook was deleted' : 'Webhook is already deleted');
  checkSecret(settings.secretToken);
  const endpoint = await checkEndpoint(url, settings.ipAddress, webhooks.rules);
  if (generation !== bot.webhookGeneration) throw conflict('terminated by other setWebhook');
  allowUpdates(bot, args);
  webhooks.open(bot, settings, endpoint);
  return answer(true, 'Webhook was set');
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

function allowUpdates(bot: Bot, args: Args): void {
  bot.allowedKinds = parseAllowedUpdates(args.text('allowed_updates')) ?? bot.allowedKinds;
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
