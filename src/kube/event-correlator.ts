import type { Clock } from '../lib/clock.ts';
import { EventSeries, type EventSource, type ObjectEvent } from './event-series.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** New events of one object; client-go's spam filter. */
const OBJECT_RATE: Rate = { perSecond: 1 / 300, burst: 25 };

/**
 * Turns what happens into few writes: what repeats itself word for word becomes one event with a
 * series, and an object to which something new happens all the time is heard of ever less. Bounded:
 * beyond `maxSeries` series, or as many objects, the one that has been quiet longest is forgotten.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #source: EventSource;
  readonly #maxSeries: number;
  /** In the order in which they were last observed. */
  readonly #series = new Map<string, EventSeries>();
  readonly #budgets = new Map<string, TokenBucket>();
  #begun = 0;

  constructor(clock: Clock, source: EventSource, maxSeries = 1000) {
    this.#clock = clock;
    this.#source = source;
    this.#maxSeries = maxSeries;
  }

  /** Takes an event in. False where its object has had too many of them. */
  observe(event: ObjectEvent): boolean {
    const key = keyOf(event);
    const known = this.#series.get(key);
    const repeated = known !== undefined && !known.ended;
    if (!repeated && !this.#budget(event.regarding.uid).tryTake()) return false;
    const series = repeated ? known : this.#begin(event);
    series.observe();
    putLast(this.#series, { key, value: series, maxSize: this.#maxSeries });
    return true;
  }

  /** What the server does not know in full, the one that is due first in front. */
  unwritten(): readonly EventSeries[] {
    return [...this.#series.values()]
      .filter(({ dueMs }) => dueMs !== undefined)
      .toSorted((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0));
  }

  /** It cannot be written; should it happen again, it begins anew. */
  drop(series: EventSeries): void {
    for (const [key, value] of this.#series) if (value === series) this.#series.delete(key);
  }

  #begin(event: ObjectEvent): EventSeries {
    const moment = Math.floor(this.#clock.wallMs()).toString(16);
    const suffix = `${moment}.${(this.#begun++).toString(16)}`;
    return new EventSeries(event, this.#source, this.#clock, suffix);
  }

  #budget(uid: string): TokenBucket {
    const budget = this.#budgets.get(uid) ?? new TokenBucket(OBJECT_RATE, this.#clock);
    putLast(this.#budgets, { key: uid, value: budget, maxSize: this.#maxSeries });
    return budget;
  }
}

/** Differs in whatever a reader would see, but for the time. */
function keyOf({ regarding, related, type, reason, action, note }: ObjectEvent): string {
  return JSON.stringify([regarding.uid, related?.uid, type, reason, action, note]);
}

/** Makes `key` the map's last one, and gives up the first one where there are too many. */
function putLast<Value>(
  map: Map<string, Value>,
  { key, value, maxSize }: { key: string; value: Value; maxSize: number },
): void {
  map.delete(key);
  map.set(key, value);
  const [first] = map.keys();
  if (map.size > maxSize && first !== undefined) map.delete(first);
}
