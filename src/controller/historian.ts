import type { KeptFacts } from '../api/bot-recall.ts';
import { type HistoryAvailability, NO_HISTORY } from '../api/history-availability.ts';
import type { HistorySink } from '../api/history-records.ts';
import { HistoryBuffer } from '../control/history-buffer.ts';
import { HistorySender } from '../control/history-sender.ts';
import type { Lister } from '../kube/lister.ts';
import { aborted } from '../lib/aborted.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { type Random, randomToken } from '../lib/random.ts';
import { runTogether } from '../lib/run-together.ts';
import { within } from '../lib/within.ts';
import type { Log } from '../telemetry/log.ts';
import { BotChronicle } from './bot/bot-chronicle.ts';
import type { StoredBot } from './bot/stored-bot.ts';
import type { LeaderHistory, OpenHistory } from './leader-history.ts';

/** Moves of all bots of a large fleet fit, and as many again. */
const CAPACITY = 20_000;
const LOOK_EVERY_MS = 2_000;
/** The next leader does not wait longer for what this one has to write. */
const END_WITHIN_MS = 1_000;

export interface HistorianOptions {
  /** Undefined where no history is kept. */
  readonly openHistory: OpenHistory | undefined;
  /** Which time of leading this is. */
  readonly term: number;
  readonly bots: Lister<StoredBot>;
  /** Hears when it is another with {@link Historian.availability}. */
  readonly onAvailability: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What one time of leading does for the history: it keeps what runtimes tell, and adds its own. */
export class Historian {
  readonly #options: HistorianOptions;
  readonly #chronicle: BotChronicle;
  readonly #buffer = new HistoryBuffer(CAPACITY);
  readonly #history: LeaderHistory | undefined;

  constructor(options: HistorianOptions) {
    const { openHistory, term, clock } = options;
    this.#options = options;
    this.#chronicle = new BotChronicle(clock, {
      onTransition: (record) => this.#buffer.put(record),
      onGone: (uid) => this.#history?.botGone(uid),
    });
    this.#history = openHistory?.({ term, directory: this.#chronicle });
  }

  /** Who keeps what runtimes tell; undefined where nobody does. */
  get sink(): HistorySink | undefined {
    return this.#history;
  }

  /** Whether what happens to bots is kept. */
  availability(): HistoryAvailability {
    return this.#history?.availability() ?? NO_HISTORY;
  }

  /** How a bot did when that was last kept by a leader before. */
  lastKnown(uid: string): KeptFacts | undefined {
    return this.#history?.lastKnown(uid);
  }

  /** Keeps the history until `signal` aborts, and little longer. */
  async start(signal: AbortSignal): Promise<void> {
    const history = this.#history;
    if (!history) return aborted(signal);
    const { clock, random, log, bots } = this.#options;
    const unfollow = this.#chronicle.follow(bots);
    const ended = new AbortController();
    const kept = history.start(ended.signal);
    const sender = new HistorySender({
      buffer: this.#buffer,
      sink: history,
      session: randomToken(16),
      clock,
      random,
      log,
    });
    await runTogether(signal, [
      (signal) => this.#watch(history, signal),
      async (signal) => {
        const told = sender.start(signal);
        await aborted(signal);
        await within(clock, END_WITHIN_MS, told);
      },
    ]);
    unfollow();
    ended.abort();
    await within(clock, END_WITHIN_MS, kept);
  }

  async #watch(history: LeaderHistory, signal: AbortSignal): Promise<void> {
    const { clock, onAvailability } = this.#options;
    let before: string | undefined;
    while (!signal.aborted) {
      const { reason } = history.availability();
      if (reason !== before) onAvailability();
      before = reason;
      await sleep(clock, LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }
}
