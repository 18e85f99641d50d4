import { AsyncLocalStorage } from 'node:async_hooks';
import { isDeepStrictEqual } from 'node:util';
import type { Registry } from 'prom-client';
import type { BreakerState } from '../api/breaker.ts';
import type { HistorySink } from '../api/history-records.ts';
import type { RuntimeFacts } from '../api/runtime-facts.ts';
import { LONGEST_STOP_DRAIN_SECONDS } from '../api/stop.ts';
import type { BotReport, ControlPort, ShardAssignment } from '../control/port.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { withCoarseTimers } from '../lib/coarse-timers.ts';
import { startLoopMeter } from '../lib/event-loop.ts';
import { type Random, systemRandom } from '../lib/random.ts';
import type { Tracing } from '../lib/tracing.ts';
import { within } from '../lib/within.ts';
import type { Log } from '../telemetry/log.ts';
import type { BotDeps } from './bot/bot-deps.ts';
import { ErrorBoundary } from './bot/boundary.ts';
import { Heartbeats } from './bot/heartbeats.ts';
import { StartQueue } from './bot/start-queue.ts';
import { type LeaveReason, WITHDRAWN, YIELDED } from './bot/withdrawn.ts';
import { type MeteredBot, meterBots } from './bot-metrics.ts';
import { BotSlot, type Publish } from './bot-slot.ts';
import { FloodWatch } from './flood-watch.ts';
import { meterGuards } from './guard-metrics.ts';
import { meterVerifications, Verifications } from './handlers/gate/verifications.ts';
import { ShardGuards } from './pipeline/guards.ts';
import { RateWaits } from './pipeline/rates/rate-waits.ts';
import { RetryStatistics } from './pipeline/retries/retry-statistics.ts';
import { type HistoryBot, NO_HISTORY } from './records/bot-history.ts';
import { countBatches, meterHistory } from './records/history-metrics.ts';
import { RuntimeHistory, type RuntimeHistoryOptions } from './records/runtime-history.ts';
import { TrafficMetrics } from './records/traffic-metrics.ts';
import { meterRuntime } from './runtime-metrics.ts';
import { Sweep } from './sweep.ts';
import { createHttpPost } from './transport/http-post.ts';
import { type TelegramSettings, TelegramTransport } from './transport/telegram-transport.ts';
import { Usage } from './usage.ts';
import { WebhookDoor, type WebhookListener } from './webhook/webhook-door.ts';

export interface RuntimeOptions {
  /** Who says what to host, and is told how it goes. */
  readonly port: ControlPort;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
  /** How long Telegram may hold a poll, in seconds; 50, its own limit, unless given. */
  readonly holdSeconds?: number;
  /** Where webhooks come in; without it bots poll. */
  readonly webhooks?: WebhookListener;
  /** In which bots do their work; whoever hears of uncaught errors hands them to it. */
  readonly boundary?: ErrorBoundary;
  /** Where it shows how it does. */
  readonly registry?: Registry;
  /** How many single bots it shows there at most; none unless given. */
  readonly botMetrics?: number;
  /** Where traces of updates begin; nothing is traced without it. */
  readonly tracing?: Tracing;
  /** Who keeps what was; without it nothing is kept. */
  readonly history?: HistorySink;
  /** Where retries are counted, for whoever wants to read them; else in the registry alone. */
  readonly retryStatistics?: RetryStatistics;
}

/** A bot that has not ended so long after the stop hangs. */
const BOTS_GONE_MS = 24_000;
/** Connections that do not close in this time end with the process. */
const CLOSED_MS = 1_500;
/** So much later than asked for what can wait may happen. */
const COARSE_MS = 100;
/** How many bots ask who they are at once. */
const START_WIDTH = 16;

/**
 * Hosts any number of bots in one process. It does not know who listens behind its port, and goes
 * on with what it was told last while nobody does.
 */
export class Runtime {
  readonly #port: ControlPort;
  readonly #report: (report: BotReport) => void;
  readonly #history: RuntimeHistory | undefined;
  readonly #publish: Publish = ({ uid, epoch }, facts, before) => {
    this.#history?.told({ uid, epoch }, before, facts);
    this.#report({ uid, epoch, facts });
  };
  readonly #shared: Omit<BotDeps, 'transport'>;
  readonly #posts: ReturnType<typeof createHttpPost>;
  readonly #hurry = new AbortController();
  readonly #floodWatch: FloodWatch;
  readonly #slots = new Map<string, BotSlot>();
  #drainMs = 0;
  #link: { readonly settings: TelegramSettings; readonly transport: TelegramTransport } | undefined;

  constructor(options: RuntimeOptions) {
    const { port, log, clock = systemClock, random = systemRandom, holdSeconds = 50 } = options;
    const { boundary = new ErrorBoundary(), registry, webhooks } = options;
    const { retryStatistics = new RetryStatistics(clock, registry) } = options;
    this.#port = port;
    // What the port sets off belongs to no bot, whichever of them has something to tell.
    this.#report = AsyncLocalStorage.bind((report) => port.report(report));
    this.#posts = createHttpPost(clock);
    const sweep = new Sweep(clock, random, boundary);
    const heartbeats = new Heartbeats({ clock, sweep, boundary });
    const verifications = new Verifications();
    const parts = { bots: () => this.#bots(), sweep, clock, random, log };
    this.#history = openHistory(options, parts);
    const kept = this.#history ?? NO_HISTORY;
    this.#shared = {
      clock,
      coarseClock: withCoarseTimers(clock, COARSE_MS),
      random,
      log,
      holdSeconds,
      httpPost: this.#posts.post,
      guards: new ShardGuards(
        clock,
        retryStatistics,
        (state) => sayUpstream(log, state),
        new RateWaits(clock, registry),
      ),
      startQueue: new StartQueue({ clock, log }, START_WIDTH),
      sweep,
      history: registry ? new TrafficMetrics(registry, kept) : kept,
      verifications,
      webhookDoor: new WebhookDoor(webhooks),
      boundary,
      heartbeats,
      drainMs: () => this.#drainMs,
      hurry: this.#hurry.signal,
      inContact: () => port.inContact(),
      yieldBot: AsyncLocalStorage.bind((uid) => this.#yield(uid)),
      usage: new Usage(clock),
      tracing: options.tracing,
    };
    port.connect(this.#shared.guards.fleetRate);
    this.#floodWatch = new FloodWatch({
      clock,
      usage: this.#shared.usage,
      startMeter: startLoopMeter,
    });
    if (!registry) return;
    meterVerifications(registry, verifications);
    meterGuards(registry, {
      upstream: this.#shared.guards.upstream,
      facts: () => this.#facts().values(),
    });
    meterRuntime(registry, { heartbeats, floodWatch: this.#floodWatch });
    meterBots(registry, { top: options.botMetrics ?? 0, bots: () => this.#metered() });
  }

  /**
   * Does what the port says until `signal` aborts; then stops all bots, and resolves when they have
   * drained and every connection is closed: within 30 s, whatever the fleet's drain time, and
   * whatever hangs. What a bot has not finished by then stays unconfirmed and comes again.
   */
  async start(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const watching = this.#floodWatch.start(over.signal);
    const keeping = this.#history?.start(over.signal);
    try {
      for await (const assignment of this.#port.assignments(signal)) this.#follow(assignment);
    } finally {
      await this.#stop();
      over.abort();
      await watching;
      if (keeping) await within(this.#shared.clock, CLOSED_MS, keeping);
    }
  }

  *#bots(): Generator<HistoryBot> {
    for (const { bot } of this.#slots.values()) if (bot) yield bot;
  }

  #facts(): ReadonlyMap<string, RuntimeFacts> {
    return new Map([...this.#slots].flatMap(([uid, { told }]) => (told ? [[uid, told]] : [])));
  }

  *#metered(): Generator<MeteredBot> {
    for (const { key, told } of this.#slots.values()) if (key && told) yield { key, facts: told };
  }

  async #stop(): Promise<void> {
    const { clock, log } = this.#shared;
    const timer = clock.setTimer(LONGEST_STOP_DRAIN_SECONDS * 1_000, () => this.#hurry.abort());
    const cleared = Promise.all([...this.#slots.keys()].map((uid) => this.#clear(uid)));
    const inTime = await within(clock, BOTS_GONE_MS, cleared);
    timer.cancel();
    if (!inTime)
      log.error('some bots hang and are left behind; what they have in hand comes again');
    const closed = Promise.all([this.#link?.transport.close(), this.#posts.close()]);
    await within(clock, CLOSED_MS, closed);
  }

  #follow({ fleet, shards, bots, superseded }: ShardAssignment): void {
    this.#drainMs = fleet.runtime.drainSeconds * 1000;
    this.#shared.webhookDoor.setFleet(fleet.webhook, shards);
    this.#shared.guards.fleetRate.apply(fleet.rateLimits);
    this.#history?.setInterval(fleet.history.snapshotSeconds);
    const before = this.#link?.transport;
    const deps = { ...this.#shared, transport: this.#transportFor(fleet.telegram) };
    const wanted = new Map(bots.map((assignment) => [assignment.uid, { assignment, deps }]));
    const changes = [...this.#slots.keys()]
      .filter((uid) => !wanted.has(uid))
      .map((uid) => this.#clear(uid, superseded ? YIELDED : WITHDRAWN));
    for (const [uid, bot] of wanted) changes.push(this.#slot(uid).want(bot));
    if (before && before !== deps.transport) {
      void Promise.all(changes).then(() => before.close());
    }
  }

  #slot(uid: string): BotSlot {
    const known = this.#slots.get(uid);
    if (known) return known;
    const slot = new BotSlot(this.#publish);
    this.#slots.set(uid, slot);
    return slot;
  }

  #yield(uid: string): void {
    const words =
      'somebody else takes its updates, and no leader is heard: the bot is left to them';
    this.#shared.log.warn({ uid }, words);
    void this.#clear(uid, YIELDED);
    this.#port.yield(uid);
  }

  async #clear(uid: string, reason?: LeaveReason): Promise<void> {
    const slot = this.#slots.get(uid);
    await slot?.want(undefined, reason);
    if (!slot?.empty || this.#slots.get(uid) !== slot) return;
    this.#slots.delete(uid);
    if (slot.told && slot.last) {
      this.#history?.portray({ uid, epoch: slot.last.epoch }, slot.told);
    }
    if (slot.last) this.#port.ended({ uid, ...slot.last });
  }

  #transportFor(settings: TelegramSettings): TelegramTransport {
    if (!this.#link || !isDeepStrictEqual(this.#link.settings, settings)) {
      this.#link = { settings, transport: new TelegramTransport(settings, this.#shared.clock) };
    }
    return this.#link.transport;
  }
}

function openHistory(
  { history: sink, registry }: Pick<RuntimeOptions, 'history' | 'registry'>,
  parts: Omit<RuntimeHistoryOptions, 'sink' | 'onSent'>,
): RuntimeHistory | undefined {
  if (!sink) return undefined;
  const counting = registry && { onSent: countBatches(registry) };
  const history = new RuntimeHistory({ ...parts, sink, ...counting });
  if (registry) meterHistory(registry, history.buffer);
  return history;
}

function sayUpstream(log: Log, state: BreakerState): void {
  const upstream = { upstream: state };
  if (state === 'Open') log.warn(upstream, 'Telegram fails most bots: only probes are sent');
  else if (state === 'Closed') log.info(upstream, 'Telegram answers again: calls go on');
}
