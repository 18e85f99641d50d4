import type { Secret } from '../lib/secret.ts';
import type { Caller } from './shard-session.ts';

/** Who a bearer token stands for, or why for nobody. */
export type Authentication =
  | ({ readonly kind: 'shard' } & Caller)
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Finds out which shard a bearer token may speak for. Nothing else says so: a request does not even
 * name its shard. Rejects where it can't find out at present.
 */
export type Authenticate = (bearer: Secret, signal: AbortSignal) => Promise<Authentication>;
