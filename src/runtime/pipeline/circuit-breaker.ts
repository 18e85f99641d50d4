import type { BreakerSettings, BreakerState, BreakerStatus } from '../../api/breaker.ts';
import { fromTimestamp, toTimestamp } from '../../lib/clock.ts';

/** A moment, on both clocks: durations by the one that never steps, what people read by the other. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** A probe that has not ended after so long is forgotten, and another is made. */
const PROBE_LIMIT_MS = 60_000;
/** How long to wait for the probe of somebody else. */
const PROBE_WAIT_MS = 1_000;
const NONE = -1;

/**
 * A circuit breaker: numbers alone, no timer. Whatever is due by time happens when somebody asks.
 * Its settings are given with each question, so that they may change at any time.
 *
 * Each call begins with {@link admit} and ends with the ticket that it got there. A ticket is void
 * once the breaker has opened, closed, or begun another probe since: what was begun before says
 * nothing of what is now, and a probe that hangs can't stick it.
 *
 * ```
 *             failures in a row             time is up
 *   Closed ──────────────────────► Open ───────────────► HalfOpen (one probe at a time)
 *     ▲                             ▲                     │   │
 *     │                             └───── a failure ─────┘   │
 *     └────────────────────── successes ──────────────────────┘
 * ```
 */
export class CircuitBreaker {
  #state: BreakerState = 'Closed';
  #failures = 0;
  /** Of probes, in a row. */
  #successes = 0;
  #openedMs = 0;
  #openedWallMs = 0;
  /** When the probe under way began. */
  #probeMs = NONE;
  /** Which tickets are good. */
  #era = 0;

  get state(): BreakerState {
    return this.#state;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** The ticket of a call that may be made now; undefined where none may. */
  admit(settings: BreakerSettings, { monotonicMs }: Moment): number | undefined {
    if (this.#state === 'Closed') return this.#era;
    if (this.retryAfterMs(settings, monotonicMs) > 0) return undefined;
    this.#state = 'HalfOpen';
    this.#probeMs = monotonicMs;
    return ++this.#era;
  }

  /** In how long it is worth asking again; 0 where a call may be made now. */
  retryAfterMs({ openSeconds }: BreakerSettings, nowMs: number): number {
    switch (this.#state) {
      case 'Closed':
        return 0;
      case 'Open':
        return Math.max(0, this.#openedMs + openSeconds * 1000 - nowMs);
      case 'HalfOpen':
        if (this.#probeMs === NONE) return 0;
        return Math.min(PROBE_WAIT_MS, Math.max(0, this.#probeMs + PROBE_LIMIT_MS - nowMs));
    }
    return this.#state satisfies never;
  }

  /** The call worked. */
  succeeded(ticket: number, { successThreshold }: BreakerSettings): void {
    if (ticket !== this.#era) return;
    this.#probeMs = NONE;
    if (this.#state === 'Closed' || ++this.#successes >= successThreshold) this.#close();
  }

  /** The call failed. */
  failed(ticket: number, { failureThreshold }: BreakerSettings, now: Moment): void {
    if (ticket !== this.#era) return;
    this.#failures++;
    if (this.#state !== 'Closed' || this.#failures >= failureThreshold) this.open(now);
  }

  /** The call ended in a way that says nothing. */
  released(ticket: number): void {
    if (ticket === this.#era) this.#probeMs = NONE;
  }

  /** Makes no calls for a while from now on. */
  open({ monotonicMs, wallMs }: Moment): void {
    this.#state = 'Open';
    this.#openedMs = monotonicMs;
    this.#openedWallMs = wallMs;
    this.#successes = 0;
    this.#probeMs = NONE;
    this.#era++;
  }

  /** Forgets all that was: calls are made. */
  reset(): void {
    this.#era++;
    this.#close();
  }

  /** Ends the wait: the next call is a probe. */
  probeNow(): void {
    if (this.#state === 'Open') this.#openedMs = Number.NEGATIVE_INFINITY;
  }

  /** As a status shows it. */
  status({ openSeconds }: BreakerSettings): BreakerStatus {
    const state = this.#state;
    const closed = { state, failures: this.#failures };
    if (state === 'Closed') return closed;
    const openedAt = toTimestamp(this.#openedWallMs);
    if (state === 'HalfOpen') return { ...closed, openedAt };
    const nextProbeAt = toTimestamp(this.#openedWallMs + openSeconds * 1000);
    return { ...closed, openedAt, nextProbeAt };
  }

  /**
   * Goes on from a status of earlier, perhaps of another machine. However its clock stood: the wait
   * is never longer than that of a breaker that opens now.
   */
  resume({ state, failures, openedAt }: BreakerStatus, now: Moment): void {
    this.#failures = failures;
    if (state === 'Closed') return;
    const openedWallMs = openedAt === undefined ? Number.NaN : fromTimestamp(openedAt);
    const agoMs = Number.isNaN(openedWallMs) ? 0 : Math.max(0, now.wallMs - openedWallMs);
    this.open({ monotonicMs: now.monotonicMs - agoMs, wallMs: now.wallMs - agoMs });
    if (state === 'HalfOpen') this.probeNow();
  }

  #close(): void {
    if (this.#state !== 'Closed') this.#era++;
    this.#state = 'Closed';
    this.#failures = 0;
    this.#successes = 0;
    this.#probeMs = NONE;
  }
}
