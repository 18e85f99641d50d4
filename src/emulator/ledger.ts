import type { Clock } from '../lib/clock.ts';
import { redactTokens } from '../lib/secret.ts';
import type { Args, RawArgs } from './args.ts';
import { Ring } from './ring.ts';
import type { UpdateFate } from './update-queue.ts';

/** A bot as the ledger names it: never by its token. */
export interface BotName {
  readonly id: number;
  readonly username: string;
}

/** How a call ended. */
export interface CallOutcome {
  /** The HTTP status of the answer; 0 where none was sent. */
  readonly status: number;
  /** Whether the method did its work, whatever became of the answer. */
  readonly ok: boolean;
  /** The error's text, as the bot saw it. */
  readonly description?: string;
  /** The `message_id` of a message that the call sent. */
  readonly messageId?: number;
  /** The injected fault that the call met. */
  readonly fault?: string;
  /** Which of Telegram's limits refused the call. */
  readonly limit?: string;
  /** The client had gone before the answer could be sent. */
  readonly clientGone?: boolean;
}

/** One call of a bot. Times are milliseconds since the epoch by the emulator's clock. */
export interface CallRecord {
  readonly seq: number;
  readonly bot: BotName | null;
  readonly method: string;
  readonly via: 'request' | 'webhook-answer';
  readonly parameters: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  endedAtMs: number | null;
  /** Null while the call is under way (a held poll). */
  outcome: CallOutcome | null;
}

/** One attempt to hand an update to its bot. */
export interface Delivery {
  readonly atMs: number;
  readonly via: 'poll' | 'webhook';
  /** `sent` in the answer to a poll, or the webhook's HTTP status, or why there was none. */
  readonly outcome: string;
}

/** One update and what became of it. */
export interface UpdateRecord {
  readonly seq: number;
  readonly bot: BotName;
  readonly updateId: number;
  readonly kind: string;
  readonly chatId: number | null;
  readonly createdAtMs: number;
  /** The first deliveries, up to {@link DELIVERIES_KEPT}. */
  readonly deliveries: Delivery[];
  deliveryCount: number;
  fate: 'pending' | UpdateFate;
  settledAtMs: number | null;
}

/** Which records a reader wants. */
export interface LedgerFilter {
  readonly botId?: number | undefined;
  readonly method?: string | undefined;
  readonly since?: number | undefined;
  readonly limit?: number | undefined;
}

export const DELIVERIES_KEPT = 20;

/** The parameters that a test may ask for; the others are not kept. */
const KEPT_PARAMETERS: ReadonlySet<string> = new Set([
  'chat_id',
  'user_id',
  'text',
  'caption',
  'message_id',
  'reply_to_message_id',
  'callback_query_id',
  'offset',
  'limit',
  'timeout',
  'allowed_updates',
  'reply_markup',
  'action',
  'photo',
  'document',
  'show_alert',
  'url',
  'until_date',
  'permissions',
  'name',
  'description',
  'short_description',
  'commands',
  'scope',
  'language_code',
]);

/** Longest value of a parameter that is kept. */
const KEPT_CHARS = 8_192;

/**
 * What happened, in order: every call with its outcome, every update with its deliveries and its
 * end. Bounded; what had to make room is counted. Holds no tokens.
 */
export class Ledger {
  readonly calls: Ring<CallRecord>;
  readonly updates: Ring<UpdateRecord>;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.calls = new Ring(capacity);
    this.updates = new Ring(capacity);
  }

  startCall(call: Pick<CallRecord, 'bot' | 'method' | 'via' | 'parameters'>): CallRecord {
    return this.calls.append((seq) => ({
      seq,
      ...call,
      startedAtMs: this.#clock.wallMs(),
      endedAtMs: null,
      outcome: null,
    }));
  }

  endCall(record: CallRecord, outcome: CallOutcome): void {
    record.endedAtMs = this.#clock.wallMs();
    record.outcome = outcome;
    this.notify();
  }

  addUpdate(update: Pick<UpdateRecord, 'bot' | 'updateId' | 'kind' | 'chatId'>): UpdateRecord {
    return this.updates.append((seq) => ({
      seq,
      ...update,
      createdAtMs: this.#clock.wallMs(),
      deliveries: [],
      deliveryCount: 0,
      fate: 'pending',
      settledAtMs: null,
    }));
  }

  addDelivery(record: UpdateRecord, via: Delivery['via'], outcome: string): void {
    record.deliveryCount++;
    if (record.deliveries.length < DELIVERIES_KEPT) {
      record.deliveries.push({ atMs: this.#clock.wallMs(), via, outcome });
    }
    this.notify();
  }

  settleUpdate(record: UpdateRecord, fate: UpdateFate): void {
    record.fate = fate;
    record.settledAtMs = this.#clock.wallMs();
    this.notify();
  }

  /** Calls `listener` after every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    this.calls.clear();
    this.updates.clear();
    this.notify();
  }

  /** Tells listeners that something has changed: here, or in what their conditions look at. */
  notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The records of `ring` that pass `filter`, oldest first. */
export function selectRecords<Item extends { readonly bot: BotName | null }>(
  ring: Ring<Item>,
  filter: LedgerFilter,
): Item[] {
  const wanted = filter.method?.toLowerCase();
  const selected: Item[] = [];
  for (const record of ring.since(filter.since ?? 0)) {
    if (selected.length === filter.limit) break;
    if (filter.botId !== undefined && record.bot?.id !== filter.botId) continue;
    if (
      wanted !== undefined &&
      'method' in record &&
      wanted !== String(record.method).toLowerCase()
    )
      continue;
    selected.push(record);
  }
  return selected;
}

/** The parameters of a call that the ledger keeps, cut to a bounded length, without tokens. */
export function keptParameters(raw: RawArgs, args: Args): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of raw.values.keys()) {
    const value = KEPT_PARAMETERS.has(name) ? args.text(name) : '';
    if (value !== '') kept[name] = redactTokens(value.slice(0, KEPT_CHARS));
  }
  const reply = /"message_id":\s*"?(\d+)/.exec(args.text('reply_parameters'))?.[1];
  if (reply !== undefined) kept['reply_to_message_id'] = reply;
  return kept;
}
