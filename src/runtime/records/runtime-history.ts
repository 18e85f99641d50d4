import type {
  HistorySink,
  SnapshotRecord,
  TransitionRecord,
  VerificationOutcome,
  VerificationRecord,
} from '../../api/history-records.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import { HistoryBuffer } from '../../control/history-buffer.ts';
import { HistorySender, type SendResult } from '../../control/history-sender.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Random, randomToken } from '../../lib/random.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Sweep } from '../sweep.ts';
import type { CallError } from '../telegram/call-error.ts';
import type { BotHistory, EndedUpdate, HistoryBot } from './bot-history.ts';
import type { BotRef } from './bot-ref.ts';
import { HourBooks } from './hour-books.ts';
import { snapshotOf } from './snapshot.ts';
import { SnapshotRound } from './snapshot-round.ts';
import { changesBetween } from './transitions.ts';

/** What a {@link RuntimeHistory} works with. */
export interface RuntimeHistoryOptions {
  readonly sink: HistorySink;
  /** All bots that are hosted. */
  readonly bots: () => Iterable<HistoryBot>;
  readonly sweep: Sweep;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Hears how each batch ended. */
  readonly onSent?: (result: SendResult) => void;
}

/** Some 10 MB of records at the most. */
const CAPACITY = 50_000;
/** Until a fleet has said how often. */
const SNAPSHOT_MS = 300_000;
const COUNTS_EVERY_MS = 60_000;

/**
 * What a runtime tells for the history: a snapshot of each bot from time to time, changes of state
 * and verifications when they come, counts of use and errors once a minute. Nothing of it keeps a
 * bot waiting, or fails one.
 */
export class RuntimeHistory implements BotHistory {
  readonly buffer = new HistoryBuffer(CAPACITY);
  readonly books: HourBooks;
  readonly #options: RuntimeHistoryOptions;
  readonly #sender: HistorySender;
  readonly #round: SnapshotRound;
  #seq = 0;
  #countsDueMs: number;

  constructor(options: RuntimeHistoryOptions) {
    const { clock, onSent = () => undefined, ...others } = options;
    const nowMs = clock.monotonicMs();
    this.#options = options;
    this.books = new HourBooks(clock);
    this.#round = new SnapshotRound(SNAPSHOT_MS, nowMs);
    this.#countsDueMs = nowMs + COUNTS_EVERY_MS;
    const session = randomToken(16);
    this.#sender = new HistorySender({ ...others, clock, session, onSent, buffer: this.buffer });
  }

  /** How often a bot's snapshot is taken. */
  setInterval(seconds: number): void {
    this.#round.setInterval(seconds * 1_000);
  }

  /** Tells until `signal` aborts, and then, for a while, what is left. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const task = this.#options.sweep.add(this.#round.stepMs, () => this.#step());
    signal.addEventListener('abort', () => this.#tellCounts(), { once: true });
    await this.#sender.start(signal);
    task.cancel();
  }

  persist(bot: HistoryBot): void {
    this.portray(bot, bot.recorder.present);
    this.#tellCounts();
  }

  /** Tells how a bot does. */
  portray(bot: BotRef, facts: RuntimeFacts): void {
    const record: SnapshotRecord = {
      kind: 'snapshot',
      ...this.#numbered(bot),
      ...snapshotOf(facts),
    };
    this.buffer.put(record);
  }

  /** A bot has told of itself; `before` is what it told last, if it did. */
  told(bot: BotRef, before: RuntimeFacts | undefined, now: RuntimeFacts): void {
    for (const change of changesBetween(before, now)) {
      const record: TransitionRecord = { kind: 'transition', ...this.#numbered(bot), ...change };
      this.buffer.put(record);
    }
  }

  called(bot: BotRef, method: string, failure: CallError | undefined, tookMs: number): void {
    if (this.buffer.isOpen) this.books.called(bot, method, failure, tookMs);
  }

  updated(bot: BotRef, ended: EndedUpdate): void {
    if (this.buffer.isOpen) this.books.updated(bot, ended);
  }

  failed(bot: BotRef, error: unknown): void {
    if (this.buffer.isOpen) this.books.failed(bot, error);
  }

  verified(bot: BotRef, outcome: VerificationOutcome, userId: number): void {
    const record: VerificationRecord = {
      kind: 'verification',
      ...this.#numbered(bot),
      outcome,
      userId,
    };
    this.buffer.put(record);
  }

  /** Tells what is due; returns when to come again. */
  #step(): number {
    const nowMs = this.#options.clock.monotonicMs();
    const isDue = this.#round.step(nowMs);
    for (const bot of this.#options.bots()) {
      if (isDue(bot.uid)) this.portray(bot, bot.recorder.present);
    }
    if (nowMs >= this.#countsDueMs) this.#tellCounts();
    return this.#round.stepMs;
  }

  #tellCounts(): void {
    this.#countsDueMs = this.#options.clock.monotonicMs() + COUNTS_EVERY_MS;
    this.books.take((record) => this.buffer.put(record));
  }

  #numbered({ uid, epoch }: BotRef): Pick<SnapshotRecord, 'uid' | 'epoch' | 'seq' | 'at'> {
    return { uid, epoch, seq: ++this.#seq, at: Math.round(this.#options.clock.wallMs()) };
  }
}
