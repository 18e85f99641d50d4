import type { BotReport, ShardAssignment } from '../../control/port.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Random } from '../../lib/random.ts';
import type { ErrorBoundary } from '../../runtime/bot/boundary.ts';
import type { RetryStatistics } from '../../runtime/pipeline/retries/retry-statistics.ts';
import { Runtime } from '../../runtime/runtime.ts';
import type { WebhookListener } from '../../runtime/webhook/webhook-door.ts';
import type { Log } from '../../telemetry/log.ts';
import { MemoryPort } from './memory-port.ts';

/** A runtime that failed as a whole is started again after this long. */
const RESTART_AFTER_MS = 1_000;

/** What a {@link FleetHost} works with. */
export interface FleetHostOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** In which bots do their work. */
  readonly boundary: ErrorBoundary;
  /** Where webhooks come in; without it bots poll. */
  readonly webhooks?: WebhookListener | undefined;
  readonly retryStatistics: RetryStatistics;
  readonly onReport: (report: BotReport) => void;
}

/** The one runtime of a fleet, in this process. */
export class FleetHost {
  readonly #options: FleetHostOptions;
  readonly #port: MemoryPort;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: FleetHostOptions) {
    this.#options = options;
    this.#port = new MemoryPort(options.onReport);
    this.#done = this.#run();
  }

  assign(assignment: ShardAssignment): void {
    this.#port.assign(assignment);
  }

  /** Resolves when all bots have drained. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock, random, log, boundary, retryStatistics, webhooks } = this.#options;
    while (!signal.aborted) {
      try {
        const parts = { clock, random, log, boundary, retryStatistics };
        await new Runtime({ ...parts, ...(webhooks && { webhooks }), port: this.#port }).start(
          signal,
        );
      } catch (error) {
        log.error(`a runtime failed and is started again: ${errorMessage(error)}`);
        await sleep(clock, RESTART_AFTER_MS, signal).catch(() => undefined);
      }
    }
  }
}
