import type { Clock } from '../lib/clock.ts';
import { environmentError, errorCode, errorMessage } from '../lib/errors.ts';
import { during, type Tracing } from '../lib/tracing.ts';
import type { Log } from '../telemetry/log.ts';
import { isStatus } from './api-error.ts';
import { Deadline } from './deadline.ts';
import type { ObjectKey } from './resource.ts';
import type { WorkItem, WorkPriority, WorkQueue } from './work-queue.ts';

/** What a reconciler that has done its work may ask for. */
export interface ReconcileResult {
  /** See the key again after this long, though nothing may have changed. */
  readonly requeueAfterMs?: number;
  /** `routine` unless given. */
  readonly priority?: WorkPriority;
}

/**
 * Brings the world in line with what the object of `key` asks for, whatever has happened since it
 * did so last: it is told which key, never what has changed. Never called twice at once for one
 * key. A rejection means that it is called again, after a wait that grows; so does work that
 * `signal` has cut short, which aborts when the controller stops or the time is up.
 */
export interface Reconcile {
  (key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult | void>;
}

export const RECONCILE_RESULTS = ['success', 'error', 'requeue_after'] as const;
export type ReconcileOutcome = (typeof RECONCILE_RESULTS)[number];

/** Hears of every reconcile that has ended. Durations in milliseconds. */
export interface ControllerMetrics {
  /** Called once, by the controller's constructor; `active` may be asked at any time. */
  track(workers: { readonly active: () => number; readonly max: number }): void;
  reconciled(outcome: ReconcileOutcome, tookMs: number): void;
}

export interface ControllerOptions {
  /** For logs and metrics. */
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly queue: WorkQueue;
  /** Keys that are worked on at once; 1 unless given. */
  readonly concurrency?: number;
  /** A reconcile is aborted after this long; 60 s unless given. */
  readonly timeoutMs?: number;
  readonly log: Log;
  readonly metrics?: ControllerMetrics;
  /** Where traces of reconciles begin; nothing is traced without it. */
  readonly tracing?: Tracing | undefined;
  readonly clock: Clock;
}

/** Calls a reconciler for the keys of a queue, some at once, and again for those that failed. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #log: Log;
  readonly #timeoutMs: number;
  readonly #concurrency: number;
  /** Since when each key is being worked on. */
  readonly #running = new Map<ObjectKey, number>();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#log = options.log.child({ controller: options.name });
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#concurrency = options.concurrency ?? 1;
    options.metrics?.track({ active: () => this.#running.size, max: this.#concurrency });
  }

  /**
   * Works until `signal` aborts or the queue has been shut down and is empty; resolves when the
   * last reconcile has ended. May be called again after that: the queue keeps what was not done.
   */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: this.#concurrency }, () => this.#work(signal)));
  }

  /** The keys whose reconcile has been running for longer than `ms`: the work of a stuck one. */
  stuckFor(ms: number): readonly ObjectKey[] {
    const limitMs = this.#options.clock.monotonicMs() - ms;
    return [...this.#running].filter(([, startedMs]) => startedMs < limitMs).map(([key]) => key);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let item = await this.#next(signal); item; item = await this.#next(signal)) {
      await this.#process(item, signal);
      this.#options.queue.done(item.key);
    }
  }

  /** Undefined when it is time to stop. */
  async #next(signal: AbortSignal): Promise<WorkItem | undefined> {
    try {
      return await this.#options.queue.get(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async #process(item: WorkItem, signal: AbortSignal): Promise<void> {
    const { clock, queue, metrics } = this.#options;
    const startedMs = clock.monotonicMs();
    let outcome: ReconcileOutcome = 'success';
    try {
      const result = await this.#reconcile(item.key, signal);
      queue.forget(item.key);
      if (result && result.requeueAfterMs !== undefined) {
        outcome = 'requeue_after';
        const { requeueAfterMs: afterMs, priority = 'routine' } = result;
        queue.add(item.key, { afterMs, priority });
      }
    } catch (error) {
      if (signal.aborted) {
        // Cut short by the stop and nobody's failure: whoever starts next does it anew.
        queue.add(item.key, { priority: item.priority });
        return;
      }
      outcome = 'error';
      this.#retry(item, error);
    }
    metrics?.reconciled(outcome, clock.monotonicMs() - startedMs);
  }

  async #reconcile(key: ObjectKey, parent: AbortSignal): Promise<ReconcileResult | void> {
    const { name, reconcile, clock } = this.#options;
    const error = environmentError(
      'RECONCILE_TIMEOUT',
      `${name}: the work on ${key} was not done within ${this.#timeoutMs} ms; it is tried again`,
    );
    const deadline = new Deadline(clock, this.#timeoutMs, { error, parent });
    this.#running.set(key, clock.monotonicMs());
    const attributes = { 'tenantbot.object': key };
    const span = this.#options.tracing?.begin(`reconcile ${name}`, 'internal', { attributes });
    try {
      const reconciling = reconcile(key, deadline.signal);
      return await (span ? during(span, reconciling) : reconciling);
    } finally {
      this.#running.delete(key);
      deadline.release();
    }
  }

  #retry({ key, priority }: WorkItem, error: unknown): void {
    const { queue } = this.#options;
    const retryInMs = Math.round(queue.addRateLimited(key, { priority }));
    const fields = {
      key,
      code: errorCode(error),
      error: errorMessage(error),
      retries: queue.retries(key),
      retryInMs,
    };
    // Somebody else has written meanwhile: part of optimistic concurrency, no one's fault.
    if (isStatus(error, 409)) this.#log.debug(fields, 'reconcile met a conflict');
    else this.#log.warn(fields, 'reconcile failed');
  }
}
