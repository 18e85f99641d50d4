import type { Transformer } from 'grammy';
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { CallError } from '../telegram/call-error.ts';
import type { ExchangeAnswer } from '../transport/exchange.ts';
import type { BotGuards, ShardGuards } from './guards.ts';

/** What one update's calls have brought about so far. */
export interface Effects {
  /** Whether some call that changes something was, or may have been, carried out. */
  mayHaveHappened: boolean;
}

/** What the steps of the pipeline work with; one for the calls made while handling one update. */
export interface CallContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts every call and every wait between tries. */
  readonly signal: AbortSignal;
  readonly effects: Effects;
  /** What guards the calls of the bot. */
  readonly bot: BotGuards;
  /** What guards the calls of all bots of the runtime together. */
  readonly shard: ShardGuards;
  /** Replies to users go before all else that waits for its turn. */
  readonly priority: 'reply' | 'background';
  /** Sends a call to Telegram, its parameters as JSON. Rejects with a `TransportError`. */
  send(method: string, json: string, signal: AbortSignal | undefined): Promise<ExchangeAnswer>;
  /** A message reached Telegram. */
  onSent(): void;
  /** The breaker or the health of the bot has changed its state. */
  onStateChange(): void;
  /** A call failed for good. */
  onFailed(error: CallError): void;
}

/** What the guards of a call work with, be it one of the pipeline or a poll. */
export type Guarded = Pick<CallContext, 'bot' | 'shard' | 'clock' | 'onStateChange'>;

/** One step of the pipeline: a grammY transformer for the calls of one update. */
export type PipelineStep = (context: CallContext) => Transformer;

/** Whether `method` only reads, so that doing it again does no harm and undoes nothing. */
export function isReading(method: string): boolean {
  return method.startsWith('get');
}
