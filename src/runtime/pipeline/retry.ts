import type { RetryCategory } from '../../api/retry.ts';
import type { RetryOutcome } from '../../api/retry-counts.ts';
import { sleep, toTimestamp } from '../../lib/clock.ts';
import { CallError } from '../telegram/call-error.ts';
import { decideRetry, type GivenUp } from './retries/decide.ts';
import { FAULT_RULES } from './rules.ts';
import { type Call, isReading, type PipelineStep } from './step.ts';

/** How long a call may take, from its first try to the beginning of its last. */
export const CALL_DEADLINE_MS = 60_000;

/**
 * Tries a failed call again, as `retry` of the spec says for its category (DESIGN §8). Never what
 * Telegram refused, never what it may have carried out unless the spec says so, never past the
 * call's deadline, and no more than the budget of the shard allows.
 */
export const retry: PipelineStep = (call) => {
  const { clock, shard } = call.context;
  shard.retryBudget.deposit();
  let history: History | undefined;
  return (failure) => {
    if (!failure) {
      history?.recovered();
      return undefined;
    }
    history ??= new History(call);
    const waitMs = history.next(failure);
    if (typeof waitMs !== 'number') return waitMs;
    const again = () => 'again' as const;
    return sleep(clock, waitMs, call.occasion.signal).then(again, () => brokenOff(failure));
  };
};

function brokenOff(failure: CallError): CallError {
  return new CallError('aborted', 'The call to Telegram was broken off between two tries.', {
    mayHaveHappened: failure.mayHaveHappened,
    cause: failure,
  });
}

/** One call's failures, and what follows from each. */
class History {
  readonly #call: Call;
  readonly #retries: Partial<Record<RetryCategory, number>> = {};
  #category: RetryCategory | undefined;

  constructor(call: Call) {
    this.#call = call;
  }

  /**
   * How long to wait before the next try; where there is none the failure with words that say why,
   * or undefined where it needs none.
   */
  next(failure: CallError): number | CallError | undefined {
    const category = FAULT_RULES[failure.fault].retry;
    if (!category) return undefined;
    this.#category = category;
    const { context, method, deadlineMs } = this.#call;
    const { clock, random, bot, shard } = context;
    const nowMs = clock.monotonicMs();
    const retries = this.#retries[category] ?? 0;
    const leftMs = deadlineMs - nowMs;
    const state = { failure, category, retries, leftMs, isReading: isReading(method) };
    const decision = decideRetry(state, bot.settings.retry, random);
    if ('giveUp' in decision) return this.#giveUp(decision.giveUp, failure);
    if (!shard.retryBudget.withdraw(nowMs)) return this.#giveUp('overBudget', failure);
    this.#retries[category] = retries + 1;
    this.#count('retried');
    return decision.afterMs;
  }

  recovered(): void {
    this.#count('recovered');
  }

  #giveUp(why: GivenUp | 'overBudget', failure: CallError): CallError | undefined {
    this.#count(why);
    const words = this.#words(why, failure);
    if (words === undefined) return undefined;
    return new CallError(failure.fault, `${failure.message} ${words}`, {
      mayHaveHappened: failure.mayHaveHappened,
      ...(failure.retryAfterMs !== undefined && { retryAfterMs: failure.retryAfterMs }),
      cause: failure,
    });
  }

  #words(why: GivenUp | 'overBudget', { retryAfterMs = 0 }: CallError): string | undefined {
    const { clock, bot } = this.#call.context;
    switch (why) {
      case 'exhausted':
        return undefined;
      case 'uncertain':
        return `It is not made again, since Telegram may have carried it out; retryUncertain of retry.${this.#category} would allow that.`;
      case 'pauseTooLong':
        return `That is longer than the bot waits (retry.rateLimit.maxRetryAfter is ${bot.settings.retry.rateLimit.maxRetryAfter}): make it again after ${toTimestamp(clock.wallMs() + retryAfterMs)}.`;
      case 'pastDeadline':
        return `It is not made again, since that would be after the ${CALL_DEADLINE_MS / 1_000} s that a call may take.`;
      case 'overBudget':
        return 'It is not made again, since too many calls of this shard are retries already.';
      default:
        return why satisfies never;
    }
  }

  #count(outcome: RetryOutcome): void {
    const { context, method } = this.#call;
    if (this.#category) context.shard.retryStatistics.count(method, this.#category, outcome);
  }
}
