import type { BotKey } from '../api/group.ts';

/** A TenantBot and one bot at Telegram. */
export interface Claimant {
  readonly key: BotKey;
  /** RFC 3339 in UTC, so that text order is order in time. */
  readonly createdAt: string;
  /** A shard runs the bot for it, or may be doing so. */
  readonly holds: boolean;
  /** It is to run the bot. */
  readonly wants: boolean;
}

/** Whether a TenantBot may run the bot that its token belongs to. */
export type Claim =
  | { readonly kind: 'free' }
  /** Another one runs it, and is to go on. */
  | { readonly kind: 'taken'; readonly by: BotKey }
  /** It is this one's turn, but another may still be running it, and is about to let go. */
  | { readonly kind: 'leaving' };

/**
 * Whether `mine` may run the bot, given who else is after it. Whoever holds it and wants it keeps
 * it; where nobody does, the oldest that wants it has it, and of equally old ones the first by key.
 */
export function judgeClaim(mine: Claimant, others: Iterable<Claimant>): Claim {
  let first = mine;
  let held = false;
  for (const other of others) {
    if (other.wants && comesBefore(other, first)) first = other;
    held ||= other.holds;
  }
  if (first !== mine) return { kind: 'taken', by: first.key };
  return { kind: held ? 'leaving' : 'free' };
}

function comesBefore(a: Claimant, b: Claimant): boolean {
  if (a.holds !== b.holds) return a.holds;
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt;
  return a.key < b.key;
}
