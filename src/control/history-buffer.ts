import type { HistoryRecord, RecordKind } from '../api/history-records.ts';
import { News } from '../lib/news.ts';

/** A record with its place among all that were put. */
interface Entry {
  readonly order: number;
  readonly record: HistoryRecord;
}

/** Records in the order in which they were put, by what tells them apart. */
type Line = Map<string | number, Entry>;

/**
 * What waits to be kept, bounded. At most one batch is in hand at a time, which does not count
 * towards the bound.
 *
 * Taken first are transitions, then verifications, each in their order; then the rest, what was put
 * last first, so that a backlog keeps nothing new waiting. What gives way where there is no room is
 * the oldest snapshot; without any, the oldest count of usage or errors; then the oldest
 * verification, and last the oldest transition. A count takes the place of an earlier one of the
 * same.
 */
export class HistoryBuffer {
  /** Told whenever something was put. */
  readonly news = new News();
  readonly #capacity: number;
  #transitions: Line = new Map();
  #verifications: Line = new Map();
  #counts: Line = new Map();
  #snapshots: Line = new Map();
  readonly #dropped = new Map<RecordKind, number>();
  #inHand: readonly Entry[] = [];
  #order = 0;
  #closed = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many records wait, without those in hand. */
  get waiting(): number {
    return this.#lines.reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether records are taken in. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /** How many records gave way since the start, by kind. */
  get dropped(): Readonly<Partial<Record<RecordKind, number>>> {
    return Object.fromEntries(this.#dropped);
  }

  /** Takes a record in; it, or another, may give way. */
  put(record: HistoryRecord): void {
    if (this.#closed) return;
    const line = this.#lineOf(record);
    const key = keyOf(record);
    // It is the newest now.
    line.delete(key);
    line.set(key, { order: this.#order++, record });
    this.#makeRoom();
    this.news.tell();
  }

  /** Takes up to `limit` records in hand; what is in hand already comes again. */
  take(limit: number): readonly HistoryRecord[] {
    if (this.#inHand.length === 0) {
      this.#inHand = this.#next(limit);
      for (const { record } of this.#inHand) this.#lineOf(record).delete(keyOf(record));
    }
    return this.#inHand.map(({ record }) => record);
  }

  /** What is in hand is kept for good. */
  release(): void {
    this.#inHand = [];
  }

  /** What is in hand waits again, in its old place; it gives way to a newer count of the same. */
  giveBack(): void {
    const back = this.#inHand;
    this.#inHand = [];
    for (const entry of back) {
      const line = this.#lineOf(entry.record);
      const key = keyOf(entry.record);
      if (!line.has(key)) line.set(key, entry);
    }
    this.#transitions = inOrder(this.#transitions);
    this.#verifications = inOrder(this.#verifications);
    this.#counts = inOrder(this.#counts);
    this.#snapshots = inOrder(this.#snapshots);
    this.#makeRoom();
  }

  /** Nobody keeps anything: drops all there is, and takes nothing in until {@link open}. */
  close(): void {
    this.#closed = true;
    this.#inHand = [];
    for (const line of this.#lines) line.clear();
  }

  open(): void {
    this.#closed = false;
  }

  /** What gives way first comes first. */
  get #lines(): readonly Line[] {
    return [this.#snapshots, this.#counts, this.#verifications, this.#transitions];
  }

  #lineOf({ kind }: HistoryRecord): Line {
    switch (kind) {
      case 'transition':
        return this.#transitions;
      case 'verification':
        return this.#verifications;
      case 'snapshot':
        return this.#snapshots;
      case 'usage':
      case 'error':
        return this.#counts;
      default:
        return kind satisfies never;
    }
  }

  #next(limit: number): Entry[] {
    const urgent = [
      ...this.#transitions.values().take(limit),
      ...this.#verifications.values().take(limit),
    ].slice(0, limit);
    const left = limit - urgent.length;
    const rest = [...newest(this.#snapshots, left), ...newest(this.#counts, left)];
    rest.sort((a, b) => b.order - a.order);
    return [...urgent, ...rest.slice(0, left)];
  }

  #makeRoom(): void {
    for (let over = this.waiting - this.#capacity; over > 0; over--) {
      const line = this.#lines.find(({ size }) => size > 0);
      for (const [key, { record }] of line?.entries().take(1) ?? []) {
        line?.delete(key);
        this.#dropped.set(record.kind, (this.#dropped.get(record.kind) ?? 0) + 1);
      }
    }
  }
}

/** Up to `limit` entries that were put last: a backlog is not to be sorted for each batch. */
function newest(line: Line, limit: number): Entry[] {
  return limit === 0 ? [] : [...line.values()].slice(-limit);
}

function inOrder(line: Line): Line {
  return new Map([...line].toSorted(([, a], [, b]) => a.order - b.order));
}

/** What tells a record apart from others of its kind within its session. */
function keyOf(record: HistoryRecord): string | number {
  if ('seq' in record) return record.seq;
  if (record.kind === 'error') return [record.uid, record.hour, record.fingerprint].join(' ');
  const { uid, hour, method, updateKind, command, chatKind, outcome } = record;
  return [uid, hour, method, updateKind, command, chatKind, outcome].join(' ');
}
