import { createHmac } from 'node:crypto';
import type { BotKey } from '../../../api/group.ts';
import type { Secret } from '../../../lib/secret.ts';

/** What a forwarded update is sent with. */
export interface ForwardedUpdate {
  readonly bot: { readonly key: BotKey; readonly id: number };
  readonly updateId: number;
  readonly attempt: number;
  /** The update as Telegram sent it, in JSON. */
  readonly body: string;
  readonly wallMs: number;
  readonly signingKey: Secret;
}

/** The headers of a forwarded update, as `docs/forward.md` promises them to tenants. */
export function forwardHeaders(update: ForwardedUpdate): Record<string, string> {
  const timestamp = String(Math.floor(update.wallMs / 1000));
  return {
    'content-type': 'application/json',
    'user-agent': 'tenantbot',
    'x-tenantbot-bot': update.bot.key,
    'x-tenantbot-bot-id': String(update.bot.id),
    'x-tenantbot-update-id': String(update.updateId),
    'x-tenantbot-attempt': String(update.attempt),
    'x-tenantbot-timestamp': timestamp,
    'x-tenantbot-signature': sign(update.signingKey, `${timestamp}.${update.body}`),
  };
}

function sign(key: Secret, text: string): string {
  return `sha256=${createHmac('sha256', key.reveal()).update(text).digest('hex')}`;
}
