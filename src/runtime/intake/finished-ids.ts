/** Updates wait at Telegram for a day; what is older can't come again. */
const FORGET_AFTER_MS = 48 * 3_600_000;
/** More gaps than that, as an overload leaves behind, are not remembered; the lowest ids go first. */
const MAX_RANGES = 1_024;

/** Ids from `from` to `to`, both included. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Remembers which updates are finished, so that none is handled again that Telegram sends again:
 * its confirmation was lost, or came late. Ids follow one another but for gaps, so a bot's whole
 * past is a few ranges. After a quiet week Telegram goes on with any id, also one that was there
 * before: what is older than two days is forgotten.
 */
export class FinishedIds {
  readonly #ranges: Range[] = [];
  #lastMs = 0;

  /** Takes note of an id; `nowMs` is monotonic. */
  add(id: number, nowMs: number): void {
    const isKnown = this.has(id, nowMs);
    this.#lastMs = nowMs;
    if (isKnown) return;
    const place = this.#placeOf(id);
    const before = this.#ranges[place - 1];
    const after = this.#ranges[place];
    const from = before?.to === id - 1 ? before.from : id;
    const to = after?.from === id + 1 ? after.to : id;
    const isJoined = { before: from < id, after: to > id };
    const start = isJoined.before ? place - 1 : place;
    this.#ranges.splice(start, Number(isJoined.before) + Number(isJoined.after), { from, to });
    if (this.#ranges.length > MAX_RANGES) this.#ranges.shift();
  }

  /** Whether the id was added and is not forgotten. */
  has(id: number, nowMs: number): boolean {
    this.#forget(nowMs);
    const before = this.#ranges[this.#placeOf(id) - 1];
    return before !== undefined && id <= before.to;
  }

  #forget(nowMs: number): void {
    if (nowMs - this.#lastMs > FORGET_AFTER_MS) this.#ranges.length = 0;
  }

  /** How many ranges begin at or below `id`. */
  #placeOf(id: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle];
      if (range && range.from <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
