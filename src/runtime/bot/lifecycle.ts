import type { Lifecycle } from '../../api/runtime-facts.ts';
import { TenantBotError } from '../../lib/errors.ts';

/** Where a hosted bot is in its life, with what matters only there. */
export type BotState =
  | { readonly kind: 'Starting' }
  /** `startedAt` is RFC 3339. */
  | { readonly kind: 'Running'; readonly startedAt: string }
  /** Waits out the cooldown after a crash. */
  | { readonly kind: 'Restarting' }
  /** Has crashed too often, and waits for another spec or token. */
  | { readonly kind: 'Crashed' }
  /** Finishes what it has begun. */
  | { readonly kind: 'Stopping' }
  /** Telegram knows its token no more; it waits for another. */
  | { readonly kind: 'Suspended' }
  /** Ended for good. */
  | { readonly kind: 'Stopped' };

/**
 * From where a bot may go where.
 *
 * ```
 *              getMe answered            told to stop         drained
 *   Starting ────────────────► Running ──────────────► Stopping ─────► Stopped
 *    ▲ ▲  │                     │ │ (from anywhere but Stopped)
 *    │ │  │ crash         crash │ │ 401
 *    │ └──┼── Restarting ◄──────┘ └─────► Starting
 *    │    └─► Crashed, or Suspended (token revoked)
 *    └────────────────────┘ new spec or token, or somebody says so
 * ```
 */
const ALLOWED: Record<Lifecycle, readonly Lifecycle[]> = {
  Starting: ['Running', 'Restarting', 'Crashed', 'Stopping', 'Suspended'],
  Running: ['Starting', 'Restarting', 'Crashed', 'Stopping'],
  Restarting: ['Starting', 'Stopping'],
  Crashed: ['Starting', 'Stopping'],
  Suspended: ['Starting', 'Stopping'],
  Stopping: ['Stopped'],
  Stopped: [],
};

/** `to`, after a check that a bot may go there from `from`. A forbidden step is a defect of ours. */
export function transition(from: BotState, to: BotState): BotState {
  if (ALLOWED[from.kind].includes(to.kind)) return to;
  throw new TenantBotError(
    'internal',
    'LIFECYCLE_TRANSITION',
    `a bot can't go from ${from.kind} to ${to.kind}`,
  );
}
