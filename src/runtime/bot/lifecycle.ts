import type { Lifecycle } from '../../api/runtime-facts.ts';
import { TenantBotError } from '../../lib/errors.ts';

/**
 * Where a hosted bot is in its life, with what matters only there. A bot that no runtime hosts is
 * `Pending`, which is for others to say.
 */
export type BotState =
  /** Finds out who it is, as often as it takes. */
  | { readonly kind: 'Starting' }
  /** Takes updates and answers, since `startedAt` (RFC 3339), which `sinceMs` is by the clock. */
  | { readonly kind: 'Running'; readonly startedAt: string; readonly sinceMs: number }
  /** Waits out the cooldown after so many crashes in a row. */
  | { readonly kind: 'Restarting'; readonly crashes: number; readonly cooldownMs: number }
  /** Has crashed for good: waits for another spec or token, or for somebody to say so. */
  | { readonly kind: 'Crashed'; readonly crashes: number }
  /** Telegram knows its token no more; it waits for another, and asks seldom. */
  | { readonly kind: 'Suspended' }
  /** Finishes what it has begun. */
  | { readonly kind: 'Stopping' }
  /** Ended for good. */
  | { readonly kind: 'Stopped' };

/**
 * From where a bot may go where.
 *
 * ```
 *               getMe answered              told to stop          drained
 *   Starting ───────────────────► Running   (anywhere) ► Stopping ───────► Stopped
 *    ▲  │ ▲                        │  │
 *    │  │ └─ 401, or told to start ┘  │ crash
 *    │  │    anew                     │
 *    │  ├── crash ───────────────────►├─────────────► Restarting ──┐
 *    │  │                             └ once too often ► Crashed ──┤
 *    │  └── token revoked ──────────────────────────► Suspended ───┤
 *    └─────────────────────────────────────────────────────────────┘
 *        cooldown over; another spec; token accepted; told to start anew
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
