import type { BreakerSettings, BreakerState } from '../../api/breaker.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { Moment } from './moment.ts';
import { RecentBots, type RecentMark } from './recent-bots.ts';
import type { Verdict } from './rules.ts';

/** One probe of the whole shard this often is no burden; one that succeeds is enough. */
const SETTINGS: BreakerSettings = { failureThreshold: 1, openSeconds: 10, successThreshold: 1 };
/** Of fewer bots it can't be said whether the trouble is theirs or Telegram's. */
const MIN_BOTS = 5;
/** Which part of the bots heard of lately must have failed last. */
const SHARE = 0.5;

/**
 * The breaker of a whole shard. It opens when the last calls of most of its bots failed in ways
 * that are Telegram's or the network's, lets one probe through for all of them every ten seconds,
 * and closes at the first that is answered. Every try passes it, so that whatever was under way
 * when it opened is not tried again either.
 */
export class UpstreamBreaker {
  readonly #breaker = new CircuitBreaker();
  readonly #bots = new RecentBots();
  readonly #onChange: (state: BreakerState) => void;
  #told: BreakerState = 'Closed';

  /** `onChange` is told of each change of state. */
  constructor(onChange: (state: BreakerState) => void) {
    this.#onChange = onChange;
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /** The ticket of a try that may be made now; undefined where none may. */
  admit(nowMs: number): number | undefined {
    const ticket = this.#breaker.admit(SETTINGS, nowMs);
    this.#tell();
    return ticket;
  }

  /** In how long it is worth asking again; 0 where a try may be made now. */
  retryAfterMs(nowMs: number): number {
    return this.#breaker.retryAfterMs(SETTINGS, nowMs);
  }

  /** Takes note of how the try with `ticket` ended; `mark` is that of its bot. */
  ended(ticket: number, verdict: Verdict, mark: RecentMark, now: Moment): void {
    if (!this.#breaker.honours(ticket)) return;
    if (this.#breaker.state !== 'Closed') {
      this.#breaker.ended(ticket, verdict, SETTINGS, now);
      this.#tell();
    } else if (verdict !== 'ignored') {
      this.#bots.note(mark, verdict === 'failure', now.monotonicMs);
      if (verdict === 'failure' && this.#mostFail()) this.#open(now);
    }
  }

  /** Ends the wait: the next try is a probe. */
  probeNow(): void {
    this.#breaker.probeNow();
  }

  #tell(): void {
    const { state } = this.#breaker;
    if (state === this.#told) return;
    this.#told = state;
    this.#onChange(state);
  }

  #mostFail(): boolean {
    const { failed, all } = this.#bots.counts();
    return failed >= MIN_BOTS && failed >= all * SHARE;
  }

  #open(now: Moment): void {
    this.#breaker.open(now);
    this.#tell();
    // Once it is closed again, only what comes after counts.
    this.#bots.clear();
  }
}
