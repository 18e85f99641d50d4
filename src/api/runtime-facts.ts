import type { BotRequests } from './bot-requests.ts';
import { type BreakerStatus, CLOSED_BREAKER } from './breaker.ts';
import type { Cooldowns } from './cooldown.ts';
import { type HealthStatus, UNKNOWN_HEALTH } from './health.ts';
import type { OwnershipStatus } from './ownership.ts';
import type {
  BotError,
  BotIdentity,
  Counters,
  TokenStatus,
  UpdateMode,
} from './tenant-bot-status.ts';

/** The life of a bot inside a runtime. */
export const LIFECYCLES = [
  'Starting',
  'Running',
  'Restarting',
  'Crashed',
  'Stopping',
  'Stopped',
  'Suspended',
] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

/** A side of a bot that is in order or not, and is told as a condition of its own. */
export interface Aspect {
  readonly ok: boolean;
  /** For programs, in CamelCase; documented in docs/conditions.md. */
  readonly reason: string;
  /** What is so, and what to do. */
  readonly message: string;
}

/** The sides that a runtime tells of, where the spec asks for what they are about. */
export const ASPECTS = ['webhook', 'ownership', 'profile', 'gate'] as const;
export type AspectName = (typeof ASPECTS)[number];

/** How a bot gets its updates. */
export interface UpdatesFacts {
  readonly mode: UpdateMode;
  /** Where Telegram sends them, without the part that nobody may know. */
  readonly webhookUrl?: string;
  readonly lastUpdateAt?: string;
}

/** What a runtime knows of one bot. Plain data: it crosses the control channel. */
export interface RuntimeFacts extends Cooldowns {
  readonly lifecycle: Lifecycle;
  /** The generation of the spec that is in effect. */
  readonly generation: number;
  readonly token: TokenStatus;
  /** Known since the first successful getMe. */
  readonly bot?: BotIdentity;
  /** Another poller takes this bot's updates. `since` is RFC 3339. */
  readonly conflict?: { readonly since: string; readonly message: string };
  readonly updates: UpdatesFacts;
  readonly health: HealthStatus;
  readonly breaker: BreakerStatus;
  readonly aspects?: Readonly<Partial<Record<AspectName, Aspect>>>;
  readonly counters: Counters;
  readonly restarts: number;
  readonly startedAt?: string;
  readonly lastError?: BotError;
  /** The requests that were met last. */
  readonly handledRequests?: BotRequests;
  /** Where the spec asks for a proof of ownership. */
  readonly ownership?: OwnershipStatus;
}

/** What there is to tell of a bot that has done nothing yet. */
export const NOTHING_DONE = {
  updates: { mode: 'Polling' },
  health: UNKNOWN_HEALTH,
  breaker: CLOSED_BREAKER,
  counters: { updates: 0, handled: 0, skipped: 0, replies: 0, errors: 0 },
  restarts: 0,
} as const satisfies Partial<RuntimeFacts>;
