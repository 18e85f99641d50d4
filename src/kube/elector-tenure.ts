import { type Clock, sleep } from '../lib/clock.ts';
import { environmentError, errorCode, errorMessage, type TenantBotError } from '../lib/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { isStatus } from './api-error.ts';
import { Deadline } from './deadline.ts';
import type { LeaseStore } from './elector-lease-store.ts';
import { heldSpec, holderOf, type Lease, type LeaseSpec, releasedSpec } from './elector-record.ts';
import { callTimeoutMs, type ElectionTimings, stopGraceMs } from './elector-timings.ts';
import { ElectorWatchdog } from './elector-watchdog.ts';

/** Hears of a leader's renewals. Durations in milliseconds. */
export interface ElectionMetrics {
  /** Called once, by the elector's constructor. */
  track(election: { readonly isLeader: () => boolean }): void;
  renewed(tookMs: number): void;
  renewFailed(): void;
  /** A renewal had to read the Lease first, since somebody else has written to it. */
  slowPath(): void;
}

/** A lease that was just taken. */
export interface Acquired {
  readonly lease: Lease;
  /** When the write that took it was sent, on the monotonic clock: its time runs from there. */
  readonly sentMs: number;
  readonly term: number;
  /** The `acquireTime` that was written, on the wall clock. */
  readonly acquiredMs: number;
}

export interface TenureOptions {
  readonly identity: string;
  readonly timings: ElectionTimings;
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ElectionMetrics | undefined;
  /** What only a leader may do. */
  readonly lead: (signal: AbortSignal, term: number) => Promise<void>;
  /** Must end the process: the lease is lost and `lead` is still at work. */
  readonly exit: (error: TenantBotError) => void;
  /** Every Lease that is seen. */
  readonly onSeen: (lease: Lease) => void;
}

/** One time of leading, from the lease's taking to its release or loss. */
export class Tenure {
  readonly #options: TenureOptions;
  readonly #term: number;
  readonly #acquiredMs: number;
  readonly #watchdog: ElectorWatchdog;
  /** Aborts when `lead` must stop. */
  readonly #work = new AbortController();
  /** Aborts when there is nothing more to renew: the lease is lost, or `lead` has ended. */
  readonly #renewing = new AbortController();
  #lease: Lease;
  #renewedMs: number;
  #nextRenewalMs: number;
  #loss: TenantBotError | undefined;

  constructor(acquired: Acquired, options: TenureOptions) {
    const { clock, timings } = options;
    this.#options = options;
    this.#term = acquired.term;
    this.#acquiredMs = acquired.acquiredMs;
    this.#lease = acquired.lease;
    this.#renewedMs = acquired.acquiredMs;
    this.#nextRenewalMs = acquired.sentMs + timings.retryPeriodMs;
    this.#watchdog = new ElectorWatchdog(acquired.sentMs + timings.renewDeadlineMs, {
      clock,
      graceMs: stopGraceMs(timings),
      onExpired: () => this.#onExpired(),
      onOverdue: () => this.#onOverdue(),
    });
  }

  /** Whether nobody else can be at work: computed from the clock. */
  get valid(): boolean {
    return this.#watchdog.valid;
  }

  /**
   * Leads until `lead` has ended, renewing all the while; `signal` tells it to stop. Releases the
   * lease where it still holds it. Rejects as `lead` did, or with `LEASE_LOST`, unless it was told
   * to stop.
   */
  async run(signal: AbortSignal): Promise<void> {
    const onStop = (): void => this.#work.abort(signal.reason);
    signal.addEventListener('abort', onStop);
    if (signal.aborted) onStop();
    try {
      await Promise.all([this.#renewUntilEnd(), this.#lead()]);
      if (this.#loss && !signal.aborted) throw this.#loss;
    } finally {
      signal.removeEventListener('abort', onStop);
    }
  }

  async #lead(): Promise<void> {
    const { signal } = this.#work;
    try {
      if (!signal.aborted) await this.#options.lead(signal, this.#term);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#renewing.abort();
      const held = this.#watchdog.valid;
      this.#watchdog.stop();
      if (held) await this.#release();
    }
  }

  async #renewUntilEnd(): Promise<void> {
    const { clock, timings, log, metrics } = this.#options;
    const { signal } = this.#renewing;
    while (!signal.aborted) {
      try {
        await sleep(clock, this.#nextRenewalMs - clock.monotonicMs(), signal);
        const sentMs = clock.monotonicMs();
        this.#nextRenewalMs = sentMs + timings.retryPeriodMs;
        await this.#renew(signal);
        metrics?.renewed(clock.monotonicMs() - sentMs);
      } catch (error) {
        if (signal.aborted) return;
        metrics?.renewFailed();
        log.warn({ code: errorCode(error), error: errorMessage(error) }, 'lease was not renewed');
      }
    }
  }

  /** One attempt. What its answer does not tell is found out by the next. */
  async #renew(signal: AbortSignal): Promise<void> {
    const { store, identity, metrics } = this.#options;
    try {
      await this.#extendBy((spec) => store.write(this.#lease, spec, signal));
      return;
    } catch (error) {
      if (!isStatus(error, 409) && !isStatus(error, 404)) throw error;
    }
    metrics?.slowPath();
    const lease = await store.get(signal);
    if (lease === undefined) {
      await this.#extendBy((spec) => store.create(spec, signal));
      return;
    }
    this.#options.onSeen(lease);
    // Whoever makes the Lease anew leaves it to its holder for longer than this one's time lasts.
    const madeAnew = lease.metadata.uid !== this.#lease.metadata.uid;
    if (holderOf(lease) === identity || (madeAnew && this.valid)) {
      await this.#extendBy((spec) => store.write(lease, spec, signal));
    } else {
      this.#watchdog.expire();
    }
  }

  /** The lease is held for the renew deadline from when the write was sent, if that succeeds. */
  async #extendBy(write: (spec: LeaseSpec) => Promise<Lease>): Promise<void> {
    const { clock, timings, onSeen, identity: holder } = this.#options;
    const sentMs = clock.monotonicMs();
    // Later than before whatever the wall clock does, so that others see the record change.
    this.#renewedMs = Math.max(clock.wallMs(), this.#renewedMs + 1);
    const lease = await write(
      heldSpec({
        holder,
        term: this.#term,
        durationMs: timings.leaseDurationMs,
        acquiredMs: this.#acquiredMs,
        renewedMs: this.#renewedMs,
      }),
    );
    this.#lease = lease;
    onSeen(lease);
    this.#watchdog.extend(sentMs + timings.renewDeadlineMs);
  }

  /** Best effort: where it fails, the lease runs out by itself. */
  async #release(): Promise<void> {
    const { clock, timings, store, identity, log } = this.#options;
    const error = environmentError('LEASE_RELEASE', 'the Lease could not be released in time');
    const deadline = new Deadline(clock, callTimeoutMs(timings), { error });
    const { signal } = deadline;
    const spec = releasedSpec(this.#term, clock.wallMs());
    try {
      // A renewal that was cut short may have taken effect: only the newest version tells.
      const lease = await store.get(signal);
      if (lease === undefined || holderOf(lease) !== identity) return;
      this.#options.onSeen(await store.write(lease, spec, signal));
      log.info({ term: this.#term }, 'lease released');
    } catch (error) {
      log.warn({ error: errorMessage(error) }, 'lease was not released; it runs out by itself');
    } finally {
      deadline.release();
    }
  }

  #onExpired(): void {
    this.#loss = environmentError(
      'LEASE_LOST',
      'leadership was lost: the Lease was not renewed in time, or somebody else has taken it; this process ends, and begins anew where something restarts it',
    );
    this.#options.log.warn({ term: this.#term }, this.#loss.message);
    this.#renewing.abort();
    this.#work.abort(this.#loss);
  }

  #onOverdue(): void {
    const error = environmentError(
      'LEASE_OVERDUE',
      'leadership was lost and the work of the leader has not stopped in time: this process must end, since somebody else may be at work',
    );
    this.#options.log.fatal({ term: this.#term }, error.message);
    this.#options.exit(error);
  }
}
