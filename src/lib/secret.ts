import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/** What stands in for a secret wherever one would have been printed. */
export const REDACTED = '[secret]';

/**
 * A string that must not be seen. In a string, a template, JSON, `util.inspect` and a log it shows
 * as `[secret]`; only {@link Secret.reveal} gives it out, so that every use can be found by name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself, for the one place that sends or compares it. */
  reveal(): string {
    return this.#value;
  }

  /** How long it takes tells nothing of either: what is compared are digests. */
  equals(other: Secret): boolean {
    return timingSafeEqual(digest(this.#value), digest(other.#value));
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Bot tokens have a shape of their own, so that they can be found in foreign text (an error of a
 * library, a body that a tenant's service echoes) and blotted out there. The last line of
 * defence: our own code never puts one into text.
 */
const TOKEN_SHAPE = /\d{1,20}(?::|%3[aA])[A-Za-z0-9_-]{20,}/g;

/** `text` with everything that looks like a bot token replaced by `[secret]`. */
export function redactTokens(text: string): string {
  return text.replace(TOKEN_SHAPE, REDACTED);
}
