import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { Span } from '../../lib/tracing.ts';
import type { CallError } from '../telegram/call-error.ts';
import type { ExchangeAnswer } from '../transport/exchange.ts';
import type { BotGuards, ShardGuards } from './guards.ts';
import type { Priority } from './rates/waiting-line.ts';

/** What the calls of one bot have in common. */
export interface CallContext {
  readonly clock: Clock;
  readonly random: Random;
  /** What guards the calls of the bot. */
  readonly bot: BotGuards;
  /** What guards the calls of all bots of the runtime together. */
  readonly shard: ShardGuards;
  /** Sends a call to Telegram, its parameters as JSON. Rejects with a `TransportError`. */
  send(method: string, json: string, signal: AbortSignal | undefined): Promise<ExchangeAnswer>;
  /** A message reached Telegram. */
  onSent(): void;
  /** The breaker or the health of the bot has changed its state. */
  onStateChange(): void;
  /** Telegram has asked for a pause. */
  onPause(): void;
  /** A try at a call that is no poll has ended with `failure`, or well. */
  onTried(method: string, failure: CallError | undefined, tookMs: number): void;
  /** A call failed for good. */
  onFailed(error: CallError): void;
}

/** What the guards of a call work with, be it one of the pipeline or a poll. */
export type Guarded = Pick<
  CallContext,
  'bot' | 'shard' | 'clock' | 'onStateChange' | 'onPause' | 'onTried'
>;

/** What one update's calls have brought about so far. */
export interface Effects {
  /** Whether some call that changes something was, or may have been, carried out. */
  mayHaveHappened: boolean;
}

/** What calls are made for: an update, or what a bot does by itself. */
export interface Occasion {
  /** Aborts every call that has no signal of its own, and every wait between tries. */
  readonly signal: AbortSignal;
  readonly effects: Effects;
  /** Replies to users go before all else that waits for its turn. */
  readonly priority: 'reply' | 'background';
  /** What its calls are part of, where that is traced. */
  readonly span?: Span | undefined;
}

/** One call on its way past the guards. */
export interface GuardedCall {
  readonly context: Guarded;
  readonly method: string;
  readonly priority: Priority;
  readonly signal: AbortSignal;
  /** On the monotonic clock: no try begins later. */
  readonly deadlineMs: number;
}

/** One call on its way through the whole pipeline. */
export interface Call extends GuardedCall {
  readonly context: CallContext;
  readonly occasion: Occasion;
  readonly payload: object;
}

/**
 * One step of the pipeline. What it does before a try is done when it returns, or resolves; it
 * throws, or rejects with, a `CallError` where the call may not be made. A step waits only where it
 * must: with no promise to wait for, a call passes all steps at once.
 */
export type Step<C extends GuardedCall> = (call: C) => StepEnd | Promise<StepEnd>;
/** A step for calls that a bot makes with grammY. */
export type PipelineStep = Step<Call>;
/** A step for those too that go past grammY. */
export type GuardStep = Step<GuardedCall>;

/**
 * What a step does once all that comes after it has ended, with `failure` or well. It may put the
 * failure in other words, or ask for all that again. Must not throw.
 */
export type StepEnd = (failure: CallError | undefined) => Ending | Promise<Ending>;
export type Ending = CallError | 'again' | undefined;

/** Whether `method` only reads, so that doing it again does no harm and undoes nothing. */
export function isReading(method: string): boolean {
  return method.startsWith('get');
}
