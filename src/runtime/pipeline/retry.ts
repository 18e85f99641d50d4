import type { RetryCategory } from '../../api/retry.ts';
import { sleep, toTimestamp } from '../../lib/clock.ts';
import { CallError } from '../telegram/call-error.ts';
import { CALL_DEADLINE_MS } from './deadlines.ts';
import { failureOf } from './outcome.ts';
import { decideRetry, type GivenUp } from './retries/decide.ts';
import type { RetryOutcome } from './retries/retry-statistics.ts';
import { FAULT_RULES } from './rules.ts';
import { type CallContext, isReading, type PipelineStep } from './step.ts';

/**
 * Tries a failed call again, as `retry` of the spec says for its category (DESIGN §8). Never what
 * Telegram refused, never what it may have carried out unless the spec says so, never past the
 * call's deadline, and no more than the budget of the shard allows.
 */
export const retry: PipelineStep = (context) => async (prev, method, payload, signal) => {
  const { clock, shard } = context;
  const deadlineMs = clock.monotonicMs() + CALL_DEADLINE_MS;
  shard.retryBudget.deposit();
  const first = prev(method, payload, signal);
  let failure = await failureOf(first);
  if (!failure) return first;
  let call = first;
  const history = new History(context, method, deadlineMs);
  while (failure) {
    const waitMs = history.next(failure);
    if (waitMs === undefined) return call;
    await sleep(clock, waitMs, context.signal);
    call = shard.deadlines.hold(payload, deadlineMs, () => prev(method, payload, signal));
    failure = await failureOf(call);
  }
  history.recovered();
  return call;
};

/** One call's failures, and what follows from each. */
class History {
  readonly #context: CallContext;
  readonly #method: string;
  readonly #deadlineMs: number;
  readonly #retries: Partial<Record<RetryCategory, number>> = {};
  #category: RetryCategory | undefined;

  constructor(context: CallContext, method: string, deadlineMs: number) {
    this.#context = context;
    this.#method = method;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * How long to wait before the next try; undefined where there is none, for a reason that needs no
   * words. Throws a CallError with the words where it does.
   */
  next(failure: CallError): number | undefined {
    const category = FAULT_RULES[failure.fault].retry;
    if (!category) return undefined;
    this.#category = category;
    const { clock, random, bot, shard } = this.#context;
    const nowMs = clock.monotonicMs();
    const retries = this.#retries[category] ?? 0;
    const leftMs = this.#deadlineMs - nowMs;
    const call = { failure, category, retries, leftMs, isReading: isReading(this.#method) };
    const decision = decideRetry(call, bot.settings.retry, random);
    if ('giveUp' in decision) return this.#giveUp(decision.giveUp, failure);
    if (!shard.retryBudget.withdraw(nowMs)) return this.#giveUp('overBudget', failure);
    this.#retries[category] = retries + 1;
    this.#count('retried');
    return decision.afterMs;
  }

  recovered(): void {
    this.#count('recovered');
  }

  #giveUp(why: GivenUp | 'overBudget', failure: CallError): undefined {
    this.#count(why);
    const words = this.#words(why, failure);
    if (words === undefined) return undefined;
    throw new CallError(failure.fault, `${failure.message} ${words}`, {
      mayHaveHappened: failure.mayHaveHappened,
      ...(failure.retryAfterMs !== undefined && { retryAfterMs: failure.retryAfterMs }),
      cause: failure,
    });
  }

  #words(why: GivenUp | 'overBudget', { retryAfterMs = 0 }: CallError): string | undefined {
    const { clock, bot } = this.#context;
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
    if (this.#category)
      this.#context.shard.retryStatistics.count(this.#method, this.#category, outcome);
  }
}
