import type { HealthState, HealthStatus } from '../../api/health.ts';
import { fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import type { CallError } from '../telegram/call-error.ts';
import type { Moment } from './moment.ts';
import { FAULT_RULES } from './rules.ts';

/** The error rate is that of so long, about. */
const WINDOW_MS = 300_000;
/** Fewer calls than that count as so many, so that one failure of two is no catastrophe. */
const MIN_CALLS = 10;
/** From which error rate on, in percent; and below which one no more, so that it does not flap. */
const UNHEALTHY = { from: 50, until: 40 };
const DEGRADED = { from: 20, until: 15 };
/** So many failures in a row make a bot unhealthy whatever the rate. */
const UNHEALTHY_IN_A_ROW = 5;
/** Once none has failed for so long, and one was answered, it is over, whatever the rate. */
const QUIET_MS = 30_000;
/** The weight of the newest response time. */
const ALPHA = 0.3;
const MAX_ERROR_CHARACTERS = 1024;

/**
 * How the calls of one bot go: a record of numbers without a timer. The window slides by weighing:
 * the calls of the window before the current one count as far as it still reaches into the last
 * five minutes ("sliding window counter", Cloudflare, 2017). The state is judged anew whenever a
 * call ends, be it a poll without updates; so what ends by time passing ends with the next poll.
 */
export class BotHealth {
  #state: HealthState = 'Healthy';
  #windowMs = 0;
  #answered = 0;
  #failed = 0;
  #answeredBefore = 0;
  #failedBefore = 0;
  #answers = 0;
  #consecutiveFailures = 0;
  #rateLimited = 0;
  #avgResponseMs = 0;
  #lastSuccess: number | undefined;
  #lastFailure: number | undefined;
  #lastError: string | undefined;
  /** When a call failed last, on the monotonic clock. */
  #failedMs = 0;
  /** Until then the rate makes no bot unhealthy: it recovered in spite of it. */
  #pardonedUntilMs = 0;

  get state(): HealthState {
    return this.#state;
  }

  /** How many calls were answered since the bot is hosted. */
  get answers(): number {
    return this.#answers;
  }

  /**
   * A try at a call ended with `failure`, or well, after `responseMs`; undefined where that says
   * nothing, as with a poll.
   */
  ended(failure: CallError | undefined, responseMs: number | undefined, now: Moment): void {
    const meaning = failure ? FAULT_RULES[failure.fault].health : 'success';
    if (meaning === 'ignored') return;
    this.#slide(now.monotonicMs);
    if (failure && meaning === 'failure') {
      this.#failed++;
      this.#consecutiveFailures++;
      this.#failedMs = now.monotonicMs;
      this.#lastFailure = now.wallMs;
      this.#lastError = failure.message;
    } else if (meaning === 'rate-limited') {
      this.#rateLimited++;
    } else {
      this.#answered++;
      this.#answers++;
      this.#consecutiveFailures = 0;
      this.#lastSuccess = now.wallMs;
      if (responseMs !== undefined) this.#timed(responseMs);
    }
    this.#state = this.#judge(now.monotonicMs);
  }

  /** As a status shows it. */
  status(nowMs: number): HealthStatus {
    const success = this.#lastSuccess;
    const failure = this.#lastFailure;
    const error = this.#lastError;
    return {
      state: this.#state,
      errorRate: Math.round(this.#errorRate(nowMs)),
      avgResponseMs: Math.round(this.#avgResponseMs),
      consecutiveFailures: this.#consecutiveFailures,
      rateLimited: this.#rateLimited,
      ...(success !== undefined && { lastSuccess: toTimestamp(success) }),
      ...(failure !== undefined && { lastFailure: toTimestamp(failure) }),
      ...(error !== undefined && { lastError: error.slice(0, MAX_ERROR_CHARACTERS) }),
    };
  }

  /** Goes on from a status of before; its error rate fades like any other. */
  resume(status: HealthStatus, nowMs: number): void {
    this.#state = status.state === 'Suspended' ? 'Healthy' : status.state;
    this.#windowMs = nowMs;
    this.#failedMs = nowMs;
    this.#failedBefore = (status.errorRate / 100) * MIN_CALLS;
    this.#answeredBefore = MIN_CALLS - this.#failedBefore;
    this.#consecutiveFailures = status.consecutiveFailures;
    this.#rateLimited = status.rateLimited;
    this.#avgResponseMs = status.avgResponseMs;
    this.#lastSuccess = recallTime(status.lastSuccess);
    this.#lastFailure = recallTime(status.lastFailure);
    this.#lastError = status.lastError;
  }

  #timed(responseMs: number): void {
    const before = this.#avgResponseMs;
    this.#avgResponseMs = before === 0 ? responseMs : before + ALPHA * (responseMs - before);
  }

  #slide(nowMs: number): void {
    const passed = Math.floor((nowMs - this.#windowMs) / WINDOW_MS);
    if (passed < 1) return;
    this.#answeredBefore = passed === 1 ? this.#answered : 0;
    this.#failedBefore = passed === 1 ? this.#failed : 0;
    this.#answered = 0;
    this.#failed = 0;
    this.#windowMs += passed * WINDOW_MS;
  }

  /** In percent. Does not slide: what is older than both windows counts as if it were just so. */
  #errorRate(nowMs: number): number {
    const weight = Math.max(0, 1 - (nowMs - this.#windowMs) / WINDOW_MS);
    const failed = this.#failed + this.#failedBefore * weight;
    const answered = this.#answered + this.#answeredBefore * weight;
    return (100 * failed) / Math.max(MIN_CALLS, failed + answered);
  }

  #judge(nowMs: number): HealthState {
    const was = this.#state;
    const rate = this.#errorRate(nowMs);
    if (this.#consecutiveFailures >= UNHEALTHY_IN_A_ROW) {
      this.#pardonedUntilMs = 0;
      return 'Unhealthy';
    }
    const isTooMuch = rate >= (was === 'Unhealthy' ? UNHEALTHY.until : UNHEALTHY.from);
    if (isTooMuch && !this.#isPardoned(nowMs)) return 'Unhealthy';
    if (rate >= (was === 'Healthy' ? DEGRADED.from : DEGRADED.until)) return 'Degraded';
    return 'Healthy';
  }

  /** Who was quiet for long enough is, for a whole window, so that it does not flap. */
  #isPardoned(nowMs: number): boolean {
    const isQuiet = this.#consecutiveFailures === 0 && nowMs - this.#failedMs >= QUIET_MS;
    if (isQuiet && this.#state === 'Unhealthy') this.#pardonedUntilMs = nowMs + WINDOW_MS;
    return isQuiet || nowMs < this.#pardonedUntilMs;
  }
}

function recallTime(timestamp: string | undefined): number | undefined {
  const wallMs = timestamp === undefined ? Number.NaN : fromTimestamp(timestamp);
  return Number.isNaN(wallMs) ? undefined : wallMs;
}
