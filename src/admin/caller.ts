import type { Secret } from '../lib/secret.ts';

/** Who asks. */
export interface Caller {
  /** As the audit log names it. */
  readonly name: string;
  /** What it came with: writes to the API server are made with it, and with no rights but its own. */
  readonly token: Secret;
}

/** What somebody may do to what, in the words of Kubernetes' RBAC. */
export interface Right {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';
  readonly resource: 'tenantbots' | 'botfleets';
  /** One part of it alone: `tenantbots/breaker`. */
  readonly part?: Part | undefined;
  /** All of them where undefined. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/**
 * The parts that rights are given for one by one. Of a bot: `breaker` (reset), `token` (check),
 * `lifecycle` (restart), `history` (read, persist), `usage`, `logs`, `audit`, `retries`. Of a
 * fleet: `rates`, `placement` (shards; moves and drains), `audit`, `retries`. Parts are read with
 * `get`, and acted on with `update`.
 */
export type Part =
  | 'breaker'
  | 'token'
  | 'lifecycle'
  | 'history'
  | 'usage'
  | 'logs'
  | 'audit'
  | 'retries'
  | 'rates'
  | 'placement';

/** Knows who asks, and what they may do. */
export interface Access {
  /** Whose token it is; undefined where it is nobody's (any more). Rejects where that can't be found out. */
  authenticate(token: Secret, signal: AbortSignal): Promise<Caller | undefined>;
  /** Rejects where that can't be found out. */
  may(caller: Caller, right: Right, signal: AbortSignal): Promise<boolean>;
}
