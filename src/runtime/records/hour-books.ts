import {
  CALL_OUTCOMES,
  type CallOutcome,
  type ErrorRecord,
  UPDATE_OUTCOMES,
  type UsageRecord,
} from '../../api/history-records.ts';
import type { Clock } from '../../lib/clock.ts';
import { chatType, updateKind } from '../dispatch/update-kind.ts';
import type { CallError, CallFault } from '../telegram/call-error.ts';
import type { EndedUpdate } from './bot-history.ts';
import type { BotRef } from './bot-ref.ts';
import { ErrorCounts } from './error-counts.ts';
import { type Cell, Tally } from './tally.ts';

const HOUR_MS = 3_600_000;
const CHAT_KINDS = ['', 'private', 'group', 'supergroup', 'channel'] as const;

/** What one bot did within one hour. */
interface Page {
  readonly uid: string;
  /** Of its last owner within the hour. */
  epoch: number;
  readonly calls: Tally;
  readonly updates: Tally;
  readonly errors: ErrorCounts;
}

/** One hour's pages, by uid. */
interface Book {
  readonly hour: number;
  readonly pages: Map<string, Page>;
}

/**
 * How bots were used, and what went wrong, by hour. Calls by which updates come in are no use. A
 * page is made for a bot with the first thing it does in an hour, and dropped when the hour is over
 * and was taken: an idle bot has none.
 *
 * Counts are those of the hour so far. So an hour that is over is not begun again, should the clock
 * be set back: until that has caught up, the present hour goes on.
 */
export class HourBooks {
  readonly #clock: Clock;
  #present: Book;
  #over: Book[] = [];
  readonly #closed = new Set<number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#present = { hour: this.#hourNow(), pages: new Map() };
  }

  /** How many bots have a page. */
  get size(): number {
    return this.#over.reduce((sum, { pages }) => sum + pages.size, this.#present.pages.size);
  }

  called(bot: BotRef, method: string, failure: CallError | undefined, tookMs: number): void {
    if (ABOUT_UPDATES.has(method)) return;
    const outcome = failure ? FAILED_CALLS[failure.fault] : 'ok';
    if (outcome) this.#page(bot).calls.add(method, '', CALL_OUTCOMES.indexOf(outcome), tookMs);
  }

  updated(bot: BotRef, { update, command, outcome, tookMs }: EndedUpdate): void {
    const kind = updateKind(update);
    const place =
      chatPlace(chatType(update, kind)) * UPDATE_OUTCOMES.length + UPDATE_OUTCOMES.indexOf(outcome);
    this.#page(bot).updates.add(kind ?? '', command, place, tookMs);
  }

  failed(bot: BotRef, error: unknown): void {
    this.#page(bot).errors.add(error);
  }

  /** Tells what has changed since it was told last; forgets hours that are over. */
  take(tell: (record: UsageRecord | ErrorRecord) => void): void {
    this.#turn();
    for (const book of [...this.#over, this.#present]) {
      for (const page of book.pages.values()) tellPage(page, book.hour, tell);
    }
    this.#over = [];
  }

  #page({ uid, epoch }: BotRef): Page {
    this.#turn();
    const known = this.#present.pages.get(uid);
    if (known) {
      known.epoch = epoch;
      return known;
    }
    const page: Page = {
      uid,
      epoch,
      calls: new Tally(),
      updates: new Tally(),
      errors: new ErrorCounts(),
    };
    this.#present.pages.set(uid, page);
    return page;
  }

  /** Begins the next hour where it is time. */
  #turn(): void {
    const hour = this.#hourNow();
    if (hour === this.#present.hour || this.#closed.has(hour)) return;
    this.#closed.add(this.#present.hour);
    if (this.#present.pages.size > 0) this.#over.push(this.#present);
    this.#present = { hour, pages: new Map() };
  }

  #hourNow(): number {
    return Math.floor(this.#clock.wallMs() / HOUR_MS) * HOUR_MS;
  }
}

/** How updates come in is looked after for bots that nobody uses, too. */
const ABOUT_UPDATES: ReadonlySet<string> = new Set([
  'getUpdates',
  'getWebhookInfo',
  'setWebhook',
  'deleteWebhook',
]);

/** What we held back or called off ourselves was no call. */
const FAILED_CALLS: Readonly<Record<CallFault, CallOutcome | undefined>> = {
  rejected: 'rejected',
  unauthorized: 'rejected',
  conflict: 'rejected',
  'rate-limited': 'rate_limited',
  network: 'failed',
  timeout: 'failed',
  server: 'failed',
  unknown: 'failed',
  'breaker-open': undefined,
  'held-back': undefined,
  aborted: undefined,
};

/** What a server that stands in for Telegram says may be anything. */
function chatPlace(type: unknown): number {
  return Math.max(0, CHAT_KINDS.indexOf(type as (typeof CHAT_KINDS)[number]));
}

function tellPage(
  { uid, epoch, calls, updates, errors }: Page,
  hour: number,
  tell: (record: UsageRecord | ErrorRecord) => void,
): void {
  const bot = { uid, epoch, hour };
  calls.visitChanged((method, _, place, cell) => {
    const outcome = CALL_OUTCOMES[place] ?? 'failed';
    tell({ ...NO_USE, ...bot, ...counted(cell), method, outcome });
  });
  updates.visitChanged((kind, command, place, cell) => {
    const outcome = UPDATE_OUTCOMES[place % UPDATE_OUTCOMES.length] ?? 'failed';
    const chat = CHAT_KINDS[Math.floor(place / UPDATE_OUTCOMES.length)] ?? '';
    const update = { updateKind: kind, chatKind: chat, command, outcome };
    tell({ ...NO_USE, ...bot, ...counted(cell), ...update });
  });
  errors.visitChanged(({ fingerprint, sample, count }) => {
    tell({ kind: 'error', ...bot, fingerprint, sample, errors: count });
  });
}

const NO_USE = { kind: 'usage', method: '', command: '', updateKind: '', chatKind: '' } as const;

/** It goes on counting. */
function counted({ calls, latencies }: Cell): Pick<UsageRecord, 'calls' | 'latencies'> {
  return { calls, latencies: [...latencies] };
}
