import type { Access, Caller } from '../../admin/caller.ts';
import type { Secret } from '../../lib/secret.ts';

/** Whoever has `token` owns the machine's bots, and may do all. */
export function ownerAccess(token: Secret): Access {
  const owner: Caller = { name: 'owner', token };
  return {
    authenticate: (given) => Promise.resolve(token.equals(given) ? owner : undefined),
    may: () => Promise.resolve(true),
  };
}
