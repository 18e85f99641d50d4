import type { BreakerSettings, BreakerState, BreakerStatus } from '../../api/breaker.ts';
import { fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import type { Moment } from './moment.ts';
import type { Verdict } from './rules.ts';

/** A probe that has not ended after so long is forgotten, and another may be made. */
export const PROBE_LIMIT_MS = 60_000;
/** After how long to ask again while somebody else's probe is under way. */
export const PROBE_WAIT_MS = 1_000;
const NONE = -1;

/**
 * A circuit breaker: numbers alone, no timer. What time brings about happens when somebody asks.
 * Settings are given with each question, so that they may change at any time.
 *
 * Each call begins with {@link admit} and ends with the ticket that it got there. Tickets become
 * void whenever the breaker opens, closes or begins another probe: what began before that says
 * nothing of what is now, and a probe that hangs can't stick it.
 *
 * ```
 *            failures in a row               time is up
 *   Closed ────────────────────► Open ───────────────────► HalfOpen, one probe at a time
 *     ▲                           ▲                         │  │
 *     │                           └──── the probe failed ───┘  │
 *     └────────────────── enough probes succeeded ─────────────┘
 * ```
 */
export class CircuitBreaker {
  #state: BreakerState = 'Closed';
  #failures = 0;
  /** Of probes, in a row. */
  #successes = 0;
  /** The start of the wait. */
  #openedMs = 0;
  #openedWallMs = 0;
  #probeBegunMs = NONE;
  /** The ticket that is good. */
  #ticket = 0;

  get state(): BreakerState {
    return this.#state;
  }

  /** How many calls failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether `ticket` is good: nothing has changed since the call with it began. */
  honours(ticket: number): boolean {
    return ticket === this.#ticket;
  }

  /** The ticket of a call that may be made now; undefined where none may. */
  admit(settings: BreakerSettings, nowMs: number): number | undefined {
    if (this.#state === 'Closed') return this.#ticket;
    if (this.retryAfterMs(settings, nowMs) > 0) return undefined;
    this.#state = 'HalfOpen';
    this.#probeBegunMs = nowMs;
    return ++this.#ticket;
  }

  /** In how long it is worth asking again; 0 where a call may be made now. */
  retryAfterMs({ openSeconds }: BreakerSettings, nowMs: number): number {
    if (this.#state === 'Open') return Math.max(0, this.#openedMs + openSeconds * 1000 - nowMs);
    if (this.#probeBegunMs === NONE) return 0;
    const forgottenInMs = this.#probeBegunMs + PROBE_LIMIT_MS - nowMs;
    return Math.max(0, Math.min(PROBE_WAIT_MS, forgottenInMs));
  }

  /** Takes note of how the call with `ticket` ended. */
  ended(ticket: number, verdict: Verdict, settings: BreakerSettings, now: Moment): void {
    if (!this.honours(ticket)) return;
    this.#probeBegunMs = NONE;
    if (verdict === 'failure') this.#failed(settings, now);
    else if (verdict === 'success') this.#succeeded(settings);
  }

  /** Lets no calls through from now on, for as long as the settings say. */
  open({ monotonicMs, wallMs }: Moment): void {
    this.#become('Open');
    this.#successes = 0;
    this.#openedMs = monotonicMs;
    this.#openedWallMs = wallMs;
  }

  /** Ends the wait: the next call is a probe. */
  probeNow(): void {
    if (this.#state === 'Open') this.#openedMs = Number.NEGATIVE_INFINITY;
  }

  /** Forgets what was, and lets all calls through. */
  reset(): void {
    this.#become('Closed');
    this.#failures = 0;
    this.#successes = 0;
  }

  /** As a status shows it. */
  status({ openSeconds }: BreakerSettings): BreakerStatus {
    const state = this.#state;
    const failures = this.#failures;
    if (state === 'Closed') return { state, failures };
    const openedAt = toTimestamp(this.#openedWallMs);
    if (state === 'HalfOpen') return { state, failures, openedAt };
    const nextProbeAt = toTimestamp(this.#openedWallMs + openSeconds * 1000);
    return { state, failures, openedAt, nextProbeAt };
  }

  /**
   * Goes on from a status of before. Wherever the clocks stood then and stand now, the wait is no
   * longer than if the breaker opened now.
   */
  resume({ state, failures, openedAt }: BreakerStatus, now: Moment): void {
    this.#failures = failures;
    if (state === 'Closed') return;
    const openedWallMs = openedAt === undefined ? Number.NaN : fromTimestamp(openedAt);
    const agoMs = Number.isNaN(openedWallMs) ? 0 : Math.max(0, now.wallMs - openedWallMs);
    this.open({ monotonicMs: now.monotonicMs - agoMs, wallMs: now.wallMs - agoMs });
    this.#state = state;
  }

  #failed({ failureThreshold }: BreakerSettings, now: Moment): void {
    this.#failures++;
    if (this.#state === 'HalfOpen' || this.#failures >= failureThreshold) this.open(now);
  }

  #succeeded({ successThreshold }: BreakerSettings): void {
    if (this.#state === 'Closed') this.#failures = 0;
    else if (++this.#successes >= successThreshold) this.reset();
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#probeBegunMs = NONE;
    this.#ticket++;
  }
}
