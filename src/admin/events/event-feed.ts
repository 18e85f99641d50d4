import { type Clock, toTimestamp } from '../../lib/clock.ts';
import { randomToken } from '../../lib/random.ts';
import type { BotObject, Catalog } from '../backend.ts';
import type { BotEvent } from '../views/event.ts';
import { changesOf, DELETED } from './changes-of.ts';

/** How many events readers who come back can be told: those of some minutes. */
const MAX_KEPT = 5_000;

/** An event as it goes over the wire. */
export interface FedEvent {
  readonly id: string;
  readonly namespace: string;
  /** JSON of a {@link BotEvent}; made once, however many readers there are. */
  readonly data: string;
}

/** What a reader who begins is told. */
export interface Begun {
  /** Whether all that has happened since the event that was named is in `missed`. */
  readonly isWhole: boolean;
  readonly missed: readonly FedEvent[];
  /** The id of the last event so far. */
  readonly last: string;
}

/** Changes of bots as events, of which the last ones are kept for readers who were cut off. */
export class EventFeed {
  readonly #clock: Clock;
  /** Ids of another process are told from those of this one. */
  readonly #origin = randomToken(6);
  readonly #seen = new Map<string, BotObject>();
  readonly #listeners = new Set<(event: FedEvent) => void>();
  readonly #stop: () => void;
  #kept: FedEvent[] = [];
  #count = 0;

  constructor(bots: Catalog<BotObject>, clock: Clock) {
    this.#clock = clock;
    for (const bot of bots.list()) this.#seen.set(bot.metadata.uid, bot);
    this.#stop = bots.watch(({ type, object }) => {
      const { uid } = object.metadata;
      const before = this.#seen.get(uid);
      if (type === 'DELETED') this.#seen.delete(uid);
      else this.#seen.set(uid, object);
      const changes = type === 'DELETED' ? [DELETED] : changesOf(before, object);
      for (const change of changes) this.#tell(object, change);
    });
  }

  /** How many read now. */
  get readers(): number {
    return this.#listeners.size;
  }

  /** What has happened since the event with id `after`; all that can be told from now on. */
  since(after: string | undefined): Begun {
    const last = this.#idOf(this.#count);
    if (after === undefined) return { isWhole: true, missed: [], last };
    const behind = this.#count - (this.#numberOf(after) ?? Number.NEGATIVE_INFINITY);
    if (behind > this.#kept.length) return { isWhole: false, missed: [], last };
    return { isWhole: true, missed: this.#kept.slice(this.#kept.length - behind), last };
  }

  /** Hears of every event from now on, until the returned function is called. */
  listen(listener: (event: FedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#stop();
  }

  #tell(
    { metadata: { namespace, name } }: BotObject,
    change: Omit<BotEvent, 'at' | 'namespace' | 'name'>,
  ) {
    const at = toTimestamp(this.#clock.wallMs());
    const event: BotEvent = { at, namespace, name, ...change };
    const fed = { id: this.#idOf(++this.#count), namespace, data: JSON.stringify(event) };
    this.#kept.push(fed);
    // Seldom and many at once: taking away the first one moves all the others.
    if (this.#kept.length > 2 * MAX_KEPT) this.#kept = this.#kept.slice(-MAX_KEPT);
    for (const listener of this.#listeners) listener(fed);
  }

  #idOf(count: number): string {
    return `${this.#origin}-${count}`;
  }

  /** Undefined for what was never an id of this process. */
  #numberOf(id: string): number | undefined {
    const at = id.lastIndexOf('-');
    const count = Number(id.slice(at + 1));
    const isOurs = id.slice(0, at) === this.#origin && Number.isSafeInteger(count);
    return isOurs && count >= 0 && count <= this.#count ? count : undefined;
  }
}
