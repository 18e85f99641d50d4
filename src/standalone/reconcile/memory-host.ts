import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { FleetRates } from '../../api/fleet-rates.ts';
import type { HistorySink } from '../../api/history-records.ts';
import type { BotReport } from '../../control/port.ts';
import { type Clock, sleep, type Timer } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Random } from '../../lib/random.ts';
import type { Tracing } from '../../lib/tracing.ts';
import type { ErrorBoundary } from '../../runtime/bot/boundary.ts';
import type { RetryStatistics } from '../../runtime/pipeline/retries/retry-statistics.ts';
import { Runtime } from '../../runtime/runtime.ts';
import type { WebhookListener } from '../../runtime/webhook/webhook-door.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RegistrySet } from '../../telemetry/registry.ts';
import type { FleetHost, HostListener, Hosts, SeatedBot } from './fleet-host.ts';
import { MemoryPort } from './memory-port.ts';
import { wholeRates } from './whole-rates.ts';

/** A runtime that failed as a whole is started again after this long. */
const RESTART_AFTER_MS = 1_000;
/** Longer than any drain that the runtime allows itself: then a bot is counted as gone. */
const GRACE_MS = 2_000;

/** Where runtimes show how they do, each with the name of its fleet. */
export interface HostMetrics {
  readonly registries: RegistrySet;
  /** Of how many single bots each shows there at most. */
  readonly botMetrics: number;
}

/** What a {@link MemoryHost} works with. */
export interface MemoryHostOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** In which bots do their work. */
  readonly boundary: ErrorBoundary;
  /** Where webhooks come in; without it bots poll. */
  readonly webhooks?: WebhookListener | undefined;
  /** Who keeps what was; nothing is kept unless given. */
  readonly history?: HistorySink | undefined;
  /** Where traces begin; nothing is traced without it. */
  readonly tracing?: Tracing | undefined;
  /** Where runtimes show how they do. */
  readonly metrics?: HostMetrics | undefined;
  /** Where the retries of all fleets are counted. */
  readonly retryStatistics: RetryStatistics;
}

/** Each fleet in one shard, in this process. */
export function memoryHosts(options: MemoryHostOptions): (listener: HostListener) => Hosts {
  return (listener) => ({
    shards: 1,
    open: (fleet) =>
      new MemoryHost({ ...options, fleet, log: options.log.child({ fleet }) }, listener),
  });
}

interface Leaving {
  readonly epoch: number;
  readonly timer: Timer;
}

interface OneHostOptions extends MemoryHostOptions {
  readonly fleet: string;
}

/** The one runtime of a fleet, in this process. */
class MemoryHost implements FleetHost {
  rates: FleetRates | undefined;
  readonly #options: OneHostOptions;
  readonly #listener: HostListener;
  readonly #port: MemoryPort;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  /** Epochs of the bots that are to run. */
  #wanted: ReadonlyMap<string, number> = new Map();
  readonly #leaving = new Map<string, Leaving>();

  constructor(options: OneHostOptions, listener: HostListener) {
    this.#options = options;
    this.#listener = listener;
    this.#port = new MemoryPort((report) => this.#heard(report));
    this.#done = this.#run();
  }

  assign(fleet: BotFleetSpec, seated: readonly SeatedBot[]): void {
    const bots = seated.map(({ bot }) => bot);
    const wanted = new Map(bots.map(({ uid, epoch }) => [uid, epoch]));
    for (const [uid, epoch] of this.#wanted) {
      if (!wanted.has(uid)) this.#leave(uid, epoch, fleet.runtime.drainSeconds * 1_000);
    }
    for (const uid of wanted.keys()) this.#stay(uid);
    this.#wanted = wanted;
    this.rates = wholeRates(fleet.rateLimits);
    this.#port.assign({ fleet, shards: 1, bots });
  }

  stateOf(): 'ready' {
    return 'ready';
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    for (const [uid, { epoch }] of this.#leaving) this.#release(uid, epoch);
    for (const [uid, epoch] of this.#wanted) this.#release(uid, epoch);
  }

  #leave(uid: string, epoch: number, drainMs: number): void {
    const { clock } = this.#options;
    const timer = clock.setTimer(drainMs + GRACE_MS, () => this.#release(uid, epoch));
    this.#leaving.set(uid, { epoch, timer });
  }

  #stay(uid: string): void {
    this.#leaving.get(uid)?.timer.cancel();
    this.#leaving.delete(uid);
  }

  #release(uid: string, epoch: number): void {
    this.#stay(uid);
    this.#listener.onReleased({ uid, epoch });
  }

  #heard(report: BotReport): void {
    const { uid, epoch, facts } = report;
    this.#listener.onReport(report);
    const isGone = facts.lifecycle === 'Stopped' && this.#leaving.get(uid)?.epoch === epoch;
    if (isGone) this.#release(uid, epoch);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { fleet, webhooks, history, metrics, tracing, ...parts } = this.#options;
    while (!signal.aborted) {
      try {
        const registry = metrics?.registries.open({ fleet });
        const runtime = new Runtime({
          ...parts,
          ...(metrics && registry && { registry, botMetrics: metrics.botMetrics }),
          ...(webhooks && { webhooks }),
          ...(history && { history }),
          ...(tracing && { tracing }),
          port: this.#port,
        });
        await runtime.start(signal);
      } catch (error) {
        const { log, clock } = parts;
        log.error(`a runtime failed and is started again: ${errorMessage(error)}`);
        await sleep(clock, RESTART_AFTER_MS, signal).catch(() => undefined);
      }
    }
  }
}
