import { KEY_LENGTH } from './webhook-keys.ts';

/** What the path of a bot's webhook says. */
export interface WebhookAddress {
  /** The shard that the bot was on when it was registered. */
  readonly ordinal: number;
  readonly key: string;
}

const PATH = new RegExp(`/(\\d{1,4})/([A-Za-z0-9_-]{${KEY_LENGTH}})$`);

/**
 * Reads `…/<ordinal>/<key>`; whatever is before that is the public address's own, and whoever stands
 * in front may have cut it off. Undefined for any other path.
 */
export function parseWebhookPath(path: string): WebhookAddress | undefined {
  const [, ordinal, key] = PATH.exec(path) ?? [];
  return ordinal === undefined || key === undefined ? undefined : { ordinal: Number(ordinal), key };
}
