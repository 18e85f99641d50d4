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
] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

/** What a runtime knows of one bot. Plain data: it crosses the control channel. */
export interface RuntimeFacts {
  readonly lifecycle: Lifecycle;
  /** The generation of the spec that is in effect. */
  readonly generation: number;
  readonly token: TokenStatus;
  /** Known since the first successful getMe. */
  readonly bot?: BotIdentity;
  /** Another poller takes this bot's updates. `since` is RFC 3339. */
  readonly conflict?: { readonly since: string; readonly message: string };
  readonly updates: { readonly mode: UpdateMode; readonly lastUpdateAt?: string };
  readonly counters: Counters;
  readonly restarts: number;
  readonly startedAt?: string;
  readonly lastError?: BotError;
}
