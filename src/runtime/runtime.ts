import { isDeepStrictEqual } from 'node:util';
import type { ControlPort, ShardAssignment } from '../control/port.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { type Random, systemRandom } from '../lib/random.ts';
import type { Log } from '../telemetry/log.ts';
import type { BotDeps } from './bot/bot-deps.ts';
import { Gate } from './bot/gate.ts';
import { BotSlot } from './bot-slot.ts';
import { ShardGuards } from './pipeline/guards.ts';
import type { RetryStatistics } from './pipeline/retries/retry-statistics.ts';
import { createHttpPost } from './transport/http-post.ts';
import { type TelegramSettings, TelegramTransport } from './transport/telegram-transport.ts';

export interface RuntimeOptions {
  /** Who says what to host, and is told how it goes. */
  readonly port: ControlPort;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
  /** How long Telegram may hold a poll, in seconds; 50, its own limit, unless given. */
  readonly holdSeconds?: number;
  /** Where retries are counted, for whoever wants to read them. */
  readonly retryStatistics?: RetryStatistics;
}

/** How many bots ask who they are at once. */
const START_WIDTH = 16;

/**
 * Hosts any number of bots in one process. It does not know who listens behind its port, and goes
 * on with what it was told last while nobody does.
 */
export class Runtime {
  readonly #port: ControlPort;
  readonly #shared: Omit<BotDeps, 'transport'>;
  readonly #posts: ReturnType<typeof createHttpPost>;
  readonly #slots = new Map<string, BotSlot>();
  #drainMs = 0;
  #link: { readonly settings: TelegramSettings; readonly transport: TelegramTransport } | undefined;

  constructor(options: RuntimeOptions) {
    const { port, log, clock = systemClock, random = systemRandom, holdSeconds = 50 } = options;
    const { retryStatistics } = options;
    this.#port = port;
    this.#posts = createHttpPost(clock);
    this.#shared = {
      clock,
      random,
      log,
      holdSeconds,
      httpPost: this.#posts.post,
      guards: new ShardGuards(clock, retryStatistics),
      startGate: new Gate(START_WIDTH),
      drainMs: () => this.#drainMs,
    };
  }

  /**
   * Does what the port says until `signal` aborts; then stops all bots, and resolves when they have
   * drained and every connection is closed.
   */
  async start(signal: AbortSignal): Promise<void> {
    try {
      for await (const assignment of this.#port.assignments(signal)) this.#follow(assignment);
    } finally {
      await Promise.all([...this.#slots.keys()].map((uid) => this.#clear(uid)));
      await Promise.all([this.#link?.transport.close(), this.#posts.close()]);
    }
  }

  #follow({ fleet, shards, bots }: ShardAssignment): void {
    this.#drainMs = fleet.runtime.drainSeconds * 1000;
    this.#shared.guards.fleetRate.apply(fleet.rateLimits, shards);
    const before = this.#link?.transport;
    const deps = { ...this.#shared, transport: this.#transportFor(fleet.telegram) };
    const wanted = new Map(bots.map((assignment) => [assignment.uid, { assignment, deps }]));
    const changes = [...this.#slots.keys()]
      .filter((uid) => !wanted.has(uid))
      .map((uid) => this.#clear(uid));
    for (const [uid, bot] of wanted) changes.push(this.#slot(uid).want(bot));
    if (before && before !== deps.transport) {
      void Promise.all(changes).then(() => before.close());
    }
  }

  #slot(uid: string): BotSlot {
    const known = this.#slots.get(uid);
    if (known) return known;
    const slot = new BotSlot(({ epoch }, facts) => this.#port.report({ uid, epoch, facts }));
    this.#slots.set(uid, slot);
    return slot;
  }

  async #clear(uid: string): Promise<void> {
    const slot = this.#slots.get(uid);
    await slot?.want(undefined);
    if (slot?.empty && this.#slots.get(uid) === slot) this.#slots.delete(uid);
  }

  #transportFor(settings: TelegramSettings): TelegramTransport {
    if (!this.#link || !isDeepStrictEqual(this.#link.settings, settings)) {
      this.#link = { settings, transport: new TelegramTransport(settings, this.#shared.clock) };
    }
    return this.#link.transport;
  }
}
