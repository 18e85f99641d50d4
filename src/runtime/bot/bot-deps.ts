import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { Tracing } from '../../lib/tracing.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Verifications } from '../handlers/gate/verifications.ts';
import type { ShardGuards } from '../pipeline/guards.ts';
import type { BotHistory } from '../records/bot-history.ts';
import type { Sweep } from '../sweep.ts';
import type { HttpPost } from '../transport/http-post.ts';
import type { TelegramTransport } from '../transport/telegram-transport.ts';
import type { Usage } from '../usage.ts';
import type { WebhookDoor } from '../webhook/webhook-door.ts';
import type { ErrorBoundary } from './boundary.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { StartQueue } from './start-queue.ts';

/** What all bots of a runtime share. */
export interface BotDeps {
  readonly clock: Clock;
  /** For what may wait a little longer: its timers share wake-ups. */
  readonly coarseClock: Clock;
  readonly random: Random;
  /** The runtime's own; each bot derives one from it. */
  readonly log: Log;
  readonly transport: TelegramTransport;
  readonly httpPost: HttpPost;
  /** What guards the calls of all bots together. */
  readonly guards: ShardGuards;
  /** Where bots wait to ask who they are. */
  readonly startQueue: StartQueue;
  /** Writes down what bots do. */
  readonly history: BotHistory;
  /** Counts what becomes of users at membership gates. */
  readonly verifications: Verifications;
  /** Looks after bots from time to time. */
  readonly sweep: Sweep;
  /** The way in for webhooks. */
  readonly webhookDoor: WebhookDoor;
  /** In which each bot does all of its work. */
  readonly boundary: ErrorBoundary;
  /** Those of the bots that serve, and who looks at them. */
  readonly heartbeats: Heartbeats;
  /** How long Telegram may hold a poll, in seconds. */
  readonly holdSeconds: number;
  /** How long a bot that stops may go on with what it has begun. Read when it stops. */
  readonly drainMs: () => number;
  /** Aborts when no bot may go on with what it has begun any longer. */
  readonly hurry: AbortSignal;
  /** Whether whoever hands out bots was heard lately, and owns up to those here. */
  readonly inContact: () => boolean;
  /** Has the bot given up to a newer owner. */
  readonly yieldBot: (uid: string) => void;
  /** Where traces of updates begin; nothing is traced without it. */
  readonly tracing?: Tracing | undefined;
  /** What bots take of what they share. */
  readonly usage: Usage;
}
