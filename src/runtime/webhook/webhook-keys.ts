import { createHmac } from 'node:crypto';
import type { Secret } from '../../lib/secret.ts';

/** How long one pair of key and secret is in use. */
export const ROTATION_MS = 30 * 86_400_000;
/** How long the pair before is still accepted. */
const GRACE_MS = 86_400_000;

/** How long a key is; see {@link WebhookKeys.key}. */
export const KEY_LENGTH = 32;
const KEY_BYTES = (KEY_LENGTH * 3) / 4;

/**
 * The unguessable part of a bot's webhook address and its secret token, both derived from the bot's
 * token (HMAC-SHA256): nothing is stored, and whoever hosts the bot next comes to the same. They
 * change every {@link ROTATION_MS}, each bot at a time of its own, and with the token.
 */
export class WebhookKeys {
  readonly #token: Secret;
  readonly #offsetMs: number;

  constructor(token: Secret) {
    this.#token = token;
    const digest = createHmac('sha256', token.reveal()).update('webhook rotation').digest();
    this.#offsetMs = Math.floor((digest.readUInt32BE() / 2 ** 32) * ROTATION_MS);
  }

  /** Number of the period that `wallMs` lies in. */
  periodAt(wallMs: number): number {
    return Math.floor((wallMs + this.#offsetMs) / ROTATION_MS);
  }

  /** The periods whose key and secret count: this one, and for a day the one before. */
  acceptedAt(wallMs: number): readonly number[] {
    const period = this.periodAt(wallMs);
    return this.periodAt(wallMs - GRACE_MS) === period ? [period] : [period, period - 1];
  }

  /** {@link KEY_LENGTH} characters of base64url. */
  key(period: number): string {
    return this.#derive('key', period).toString('base64url', 0, KEY_BYTES);
  }

  /** 43 characters of base64url. */
  secret(period: number): string {
    return this.#derive('secret', period).toString('base64url');
  }

  #derive(purpose: 'key' | 'secret', period: number): Buffer {
    return createHmac('sha256', this.#token.reveal())
      .update(`webhook ${purpose} ${period}`)
      .digest();
  }
}
