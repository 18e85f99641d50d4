import type { Clock } from '../lib/clock.ts';
import { environmentError, errorMessage } from '../lib/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { isAlreadyExists, isStatus, KubeApiError } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { Deadline } from './deadline.ts';
import { EventCorrelator } from './event-correlator.ts';
import type { EventSeries, EventSource, ObjectEvent } from './event-series.ts';
import { EVENTS } from './well-known.ts';

/** What an {@link EventRecorder} stands on. */
export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly source: EventSource;
  readonly log: Log;
  /** Series that are kept at once; 1000 unless given. */
  readonly maxSeries?: number;
}

/** How long what is unwritten at the end may take. */
const FLUSH_MS = 2000;
/** Before the next try where the API server cannot be reached. */
const UNREACHABLE_PAUSE_MS = 10_000;

/**
 * Tells of what happened to objects, as events of events.k8s.io/v1. To record costs nothing and
 * never fails; the writing goes on behind, one at a time, after everything that matters more. What
 * the server refuses is logged and dropped: an event is a courtesy, the truth is in the status.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  #wake: () => void = () => undefined;

  constructor(options: EventRecorderOptions) {
    const { clock, source, maxSeries } = options;
    this.#options = options;
    this.#correlator = new EventCorrelator(clock, source, maxSeries);
  }

  /** Keeps an event to be written soon, or counts it where the same happened just before. */
  record(event: ObjectEvent): void {
    if (this.#correlator.observe(event)) this.#wake();
    else {
      const { regarding, reason } = event;
      this.#options.log.debug({ regarding, reason }, 'too many events of one object; dropped');
    }
  }

  /** Writes events until `signal` aborts; then what is left, within {@link FLUSH_MS}. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [next] = this.#correlator.unwritten();
      const waitMs =
        next?.dueMs === undefined ? undefined : next.dueMs - this.#options.clock.monotonicMs();
      if (next === undefined || waitMs === undefined || waitMs > 0)
        await this.#idle(waitMs, signal);
      else await this.#write(next, signal);
    }
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const deadline = new Deadline(this.#options.clock, FLUSH_MS, {
      error: environmentError('KUBE_EVENTS_LEFT', 'there was no time to write the last events'),
    });
    for (const series of this.#correlator.unwritten()) await this.#write(series, deadline.signal);
    deadline.release();
  }

  async #write(series: EventSeries, signal: AbortSignal): Promise<void> {
    const { count } = series;
    try {
      await (series.created ? this.#repeat(series, signal) : this.#create(series, signal));
      series.wrote(count);
    } catch (error) {
      if (!signal.aborted) this.#onRefused(series, error);
    }
  }

  async #create({ manifest, series }: EventSeries, signal: AbortSignal): Promise<void> {
    try {
      const object = series === undefined ? manifest : { ...manifest, series };
      await this.#options.client.create(EVENTS, object, { signal, priority: 'routine' });
    } catch (error) {
      // Its name is our own: a try that was cut short got through after all.
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #repeat({ manifest, series }: EventSeries, signal: AbortSignal): Promise<void> {
    const { name = '', namespace } = manifest.metadata;
    const options = { signal, priority: 'routine' } as const;
    await this.#options.client.mergePatch(EVENTS, { name, namespace }, { series }, options);
  }

  #onRefused(series: EventSeries, error: unknown): void {
    if (!(error instanceof KubeApiError)) series.postpone(UNREACHABLE_PAUSE_MS);
    else if (series.created && isStatus(error, 404)) series.lost();
    else {
      this.#correlator.drop(series);
      this.#options.log.warn({ problem: errorMessage(error) }, 'an event could not be written');
    }
  }

  /** Resolves after `waitMs`, where given, or when there is something new, or at the end. */
  #idle(waitMs: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer?.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer =
        waitMs === undefined ? undefined : this.#options.clock.setTimer(waitMs, () => done());
      this.#wake = done;
      signal.addEventListener('abort', done);
    });
  }
}
