import { type Clock, sleep } from '../lib/clock.ts';
import { environmentError, errorMessage, type TenantBotError } from '../lib/errors.ts';
import { type Random, randomToken } from '../lib/random.ts';
import type { Log } from '../telemetry/log.ts';
import { isStatus } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { LeaseStore } from './elector-lease-store.ts';
import { Observation } from './elector-observation.ts';
import { heldSpec, holderOf, isReleased, type Lease, restoredSpec } from './elector-record.ts';
import { type Acquired, type ElectionMetrics, Tenure } from './elector-tenure.ts';
import {
  callTimeoutMs,
  checkElectionTimings,
  type ElectionTimings,
  RELEASE_JITTER_MS,
  RETRY_JITTER,
} from './elector-timings.ts';
import type { Lister } from './lister.ts';
import { objectKey } from './resource.ts';
import { parseResourceVersion } from './resource-version.ts';

export interface ElectorOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Who this is, such as the name of its pod. Every start adds something random to it. */
  readonly identity: string;
  readonly timings: ElectionTimings;
  /**
   * Tells of the Lease sooner than a look every retry period does. It decides nothing: each attempt
   * reads the Lease itself, and looks go on where this is silent.
   */
  readonly watched?: Lister<Lease>;
  /**
   * What only a leader may do. It ends when `signal` aborts, on a stop or since the lease was lost,
   * and soon: see `exit`. `term` grows with each leader for as long as nobody deletes the Lease.
   * Where it ends by itself the lease is given up and campaigned for anew; where it rejects, so
   * does `start`.
   */
  readonly lead: (signal: AbortSignal, term: number) => Promise<void>;
  /** Must end the process: the lease is lost and `lead` did not end before somebody else may start. */
  readonly exit: (error: TenantBotError) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics?: ElectionMetrics;
}

/**
 * Takes turns with other processes at being the leader, by client-go's rules on a Lease:
 *
 * ```text
 *            free, or unchanged            lost
 *            for its duration          ┌──────────┐
 *  candidate ───────────────► leader ──┤          ▼
 *      ▲                        │          work must end ──► exit
 *      │          told to stop  ▼                 │  (grace)
 *      └─ done ── or done: work ends              ▼
 *                 then release           start rejects (no release)
 * ```
 *
 * - Only the own monotonic clock counts. A leader's time runs from when its renewal was sent, a
 *   candidate's wait from when it saw the record change; so clocks may differ at will, and their
 *   speeds by 8 %.
 * - {@link isLeader} asks the clock: it is false at once after a pause that was too long.
 * - Who has lost the lease does not campaign again: what it knows may be as old as its last renewal,
 *   and a process that begins anew knows nothing.
 * - Where the Lease is deleted, a candidate puts it back and waits for it to run out, as its holder
 *   may be at work; the holder finds it and goes on. So does the very first one wait.
 */
export class Elector {
  readonly #options: ElectorOptions;
  readonly #timings: ElectionTimings;
  readonly #store: LeaseStore;
  readonly #observation: Observation;
  #log: Log;
  #identity = '';
  #tenure: Tenure | undefined;
  #lastFailure = '';
  /** Aborts when the lease was released after the last attempt began: the next one is due. */
  #due = new AbortController();

  constructor(options: ElectorOptions) {
    const { timings, client, clock, namespace, name } = options;
    this.#options = options;
    this.#timings = checkElectionTimings(timings);
    this.#log = options.log.child({ lease: `${namespace}/${name}` });
    this.#observation = new Observation(timings.leaseDurationMs);
    const timeoutMs = callTimeoutMs(timings);
    this.#store = new LeaseStore({ client, clock, namespace, name, timeoutMs });
    options.metrics?.track({ isLeader: () => this.isLeader() });
  }

  /** Whether this process leads, at this very moment. Ask before each act that only a leader may do. */
  isLeader(): boolean {
    return this.#tenure?.valid ?? false;
  }

  /** Throws a `LEASE_LOST` error unless this process leads at this very moment. */
  readonly fence = (): void => {
    if (this.isLeader()) return;
    throw environmentError('LEASE_LOST', 'not sent: this process does not lead any more');
  };

  /** Who held the lease when it was last seen; undefined where nobody did or that is not known. */
  holder(): string | undefined {
    return holderOf(this.#observation.lease);
  }

  /**
   * Campaigns and leads until `signal` aborts. Resolves when guarded work has ended and the lease is
   * released. Rejects as soon as guarded work does, and with `LEASE_LOST` once that has ended since
   * the lease was lost: this process should end then.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { identity, watched, namespace, name } = this.#options;
    this.#identity = `${identity}_${randomToken(6)}`;
    const ours = objectKey({ namespace, name });
    const unsubscribe = watched?.subscribe(({ key, after }) => {
      if (key === ours && after !== undefined) this.#hear(after);
    });
    try {
      while (!signal.aborted) {
        const acquired = await this.#attempt(signal);
        if (acquired !== undefined) await this.#lead(acquired, signal);
        await this.#wait(signal);
      }
    } finally {
      unsubscribe?.();
    }
  }

  async #lead(acquired: Acquired, signal: AbortSignal): Promise<void> {
    const { clock, lead, exit, metrics } = this.#options;
    this.#log.info({ term: acquired.term, identity: this.#identity }, 'became leader');
    this.#tenure = new Tenure(acquired, {
      identity: this.#identity,
      timings: this.#timings,
      store: this.#store,
      clock,
      log: this.#log,
      metrics,
      lead,
      exit,
      onSeen: (lease) => this.#see(lease),
    });
    await this.#tenure.run(signal);
  }

  async #attempt(signal: AbortSignal): Promise<Acquired | undefined> {
    this.#due = new AbortController();
    try {
      const acquired = await this.#tryAcquire(signal);
      this.#lastFailure = '';
      return acquired;
    } catch (error) {
      // Somebody else was quicker: that is what a campaign is.
      if (isStatus(error, 409)) return undefined;
      const message = errorMessage(error);
      if (!signal.aborted && message !== this.#lastFailure) {
        this.#log.warn({ error: message }, 'campaign is held up; it goes on');
      }
      this.#lastFailure = message;
      return undefined;
    }
  }

  async #tryAcquire(signal: AbortSignal): Promise<Acquired | undefined> {
    const { clock } = this.#options;
    const { leaseDurationMs: durationMs, renewDeadlineMs } = this.#timings;
    const lease = await this.#store.get(signal);
    if (lease === undefined) {
      const spec = restoredSpec(this.#observation.lease?.spec, durationMs);
      this.#see(await this.#store.create(spec, signal));
      return undefined;
    }
    this.#see(lease);
    const sentMs = clock.monotonicMs();
    if (sentMs < this.#observation.freeAtMs) return undefined;
    const acquiredMs = clock.wallMs();
    const term = this.#observation.highestTerm + 1;
    const spec = heldSpec({
      holder: this.#identity,
      durationMs,
      term,
      acquiredMs,
      renewedMs: acquiredMs,
    });
    // Not cut short by a stop: only its answer tells whether there is something to release.
    const taken = await this.#store.write(lease, spec);
    this.#see(taken);
    const late = clock.monotonicMs() >= sentMs + renewDeadlineMs;
    return late ? undefined : { lease: taken, sentMs, term, acquiredMs };
  }

  #see(lease: Lease): void {
    const before = this.holder();
    this.#observation.see(lease, this.#options.clock.monotonicMs());
    const holder = this.holder();
    if (holder !== before) this.#log.info({ holder }, 'the lease has a new holder');
  }

  /** What the watch tells may be older than what was read since. */
  #hear(lease: Lease): void {
    if (versionOf(lease) <= versionOf(this.#observation.lease)) return;
    this.#see(lease);
    if (isReleased(lease)) this.#due.abort();
  }

  /** Until the next look: a retry period, or less where the lease runs out or is released before. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const periodMs = this.#timings.retryPeriodMs * (1 + RETRY_JITTER * random());
    const freeInMs = this.#observation.freeAtMs - clock.monotonicMs();
    const waitMs = freeInMs > 0 ? Math.min(periodMs, freeInMs) : periodMs;
    const due = this.#due.signal;
    await sleep(clock, waitMs, AbortSignal.any([signal, due])).catch(() => undefined);
    if (!due.aborted) return;
    await sleep(clock, RELEASE_JITTER_MS * random(), signal).catch(() => undefined);
  }
}

function versionOf(lease: Lease | undefined): bigint {
  return lease === undefined ? -1n : parseResourceVersion(lease.metadata.resourceVersion);
}
