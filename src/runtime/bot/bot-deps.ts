import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ShardGuards } from '../pipeline/guards.ts';
import type { HttpPost } from '../transport/http-post.ts';
import type { TelegramTransport } from '../transport/telegram-transport.ts';
import type { Gate } from './gate.ts';

/** What all bots of a runtime share. */
export interface BotDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** The runtime's own; each bot derives one from it. */
  readonly log: Log;
  readonly transport: TelegramTransport;
  readonly httpPost: HttpPost;
  /** What guards the calls of all bots together. */
  readonly guards: ShardGuards;
  /** Through it bots ask who they are, a few at a time. */
  readonly startGate: Gate;
  /** How long Telegram may hold a poll, in seconds. */
  readonly holdSeconds: number;
  /** How long a bot that stops may go on with what it has begun. Read when it stops. */
  readonly drainMs: () => number;
}
