import { randomBytes, randomInt } from 'node:crypto';

/** A source of uniform numbers in [0, 1). Not for secrets: see {@link randomToken}. */
export type Random = () => number;

/** The machine's own randomness. */
export const systemRandom: Random = () => Math.random();

/** A repeatable sequence (mulberry32) for tests and simulations. Same seed, same numbers. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An unguessable string of `bytes` random bytes in base64url, for tokens and identities. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

/** Digits and letters without those that look like others (Crockford's base 32). */
const CODE_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** An unguessable code for people to copy, five bits a character. */
export function randomCode(length: number): string {
  return Array.from({ length }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
}
