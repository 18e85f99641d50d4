import { isDeepStrictEqual } from 'node:util';
import type { OwnershipStatus } from '../../api/ownership.ts';
import type { Aspect, AspectName, RuntimeFacts, UpdatesFacts } from '../../api/runtime-facts.ts';
import type { Counters, UpdateMode } from '../../api/tenant-bot-status.ts';
import { type Clock, type Timer, toTimestamp } from '../../lib/clock.ts';

/** How long a change that is no transition may wait for others. */
const COALESCE_MS = 300;

/** Facts that change with every call: they are read when something is told, and not before. */
export interface LiveFacts {
  /** All of them: a cooldown that it does not speak of is over. */
  facts(nowMs: number): Partial<RuntimeFacts>;
}

/**
 * The facts of one bot, told to `publish` whenever they change: at once with {@link transition},
 * together with other changes of the next 300 ms with {@link note}.
 */
export class FactsRecorder {
  readonly #clock: Clock;
  readonly #publish: (facts: RuntimeFacts) => void;
  readonly #live: LiveFacts | undefined;
  #facts: RuntimeFacts;
  /** Counters that are ahead of the facts: a count costs an addition. */
  #counters: { -readonly [Counter in keyof Counters]: Counters[Counter] } | undefined;
  /** When the last update came, where that is ahead of the facts. */
  #lastUpdateMs: number | undefined;
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    initial: RuntimeFacts,
    publish: (facts: RuntimeFacts) => void,
    live?: LiveFacts,
  ) {
    this.#clock = clock;
    this.#live = live;
    this.#facts = initial;
    this.#publish = publish;
  }

  get facts(): RuntimeFacts {
    if (this.#counters) this.#facts = { ...this.#facts, counters: this.#counters };
    this.#counters = undefined;
    if (this.#lastUpdateMs !== undefined) {
      const lastUpdateAt = toTimestamp(this.#lastUpdateMs);
      this.#facts = { ...this.#facts, updates: { ...this.#facts.updates, lastUpdateAt } };
    }
    this.#lastUpdateMs = undefined;
    return this.#facts;
  }

  /** The facts as of now. */
  get present(): RuntimeFacts {
    return { ...this.facts, ...this.#live?.facts(this.#clock.monotonicMs()) };
  }

  /** In which way updates come. */
  get mode(): UpdateMode {
    return this.#facts.updates.mode;
  }

  /** Changes facts that others wait for. */
  transition(change: Partial<RuntimeFacts>): void {
    const { cooldown: _, chatCooldowns: _chats, ...facts } = this.facts;
    this.#facts = { ...facts, ...change, ...this.#live?.facts(this.#clock.monotonicMs()) };
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#publish(this.#facts);
  }

  /** Changes facts that may be told a little later. */
  note(change: Partial<RuntimeFacts>): void {
    this.#facts = { ...this.#facts, ...change };
    this.#tellSoon();
  }

  /** Adds to a counter; told a little later. */
  count(counter: keyof Counters, by = 1): void {
    this.#counters ??= { ...this.#facts.counters };
    this.#counters[counter] = (this.#counters[counter] ?? 0) + by;
    this.#tellSoon();
  }

  /** So many updates came just now. */
  received(updates: number): void {
    this.#lastUpdateMs = this.#clock.wallMs();
    this.count('updates', updates);
  }

  #tellSoon(): void {
    this.#timer ??= this.#clock.setTimer(COALESCE_MS, () => this.transition({}));
  }

  /** In which way updates come. A change is told at once. */
  updatesCome({ mode, webhookUrl }: Pick<UpdatesFacts, 'mode' | 'webhookUrl'>): void {
    const { lastUpdateAt, ...before } = this.facts.updates;
    if (before.mode === mode && before.webhookUrl === webhookUrl) return;
    this.transition({
      updates: {
        mode,
        ...(webhookUrl !== undefined && { webhookUrl }),
        ...(lastUpdateAt !== undefined && { lastUpdateAt }),
      },
    });
  }

  /** How one side of the bot does; undefined where it has none such. A change is told at once. */
  aspect(name: AspectName, aspect: Aspect | undefined): void {
    if (isDeepStrictEqual(this.#facts.aspects?.[name], aspect)) return;
    const { aspects: { [name]: _, ...others } = {}, ...facts } = this.#facts;
    const aspects = { ...others, ...(aspect && { [name]: aspect }) };
    this.#facts = { ...facts, ...(Object.keys(aspects).length > 0 && { aspects }) };
    this.transition({});
  }

  /** Who has proved to own the bot, or how to do so; nothing where nobody has to. */
  ownership(status: OwnershipStatus | undefined, aspect: Aspect | undefined): void {
    if (!isDeepStrictEqual(this.#facts.ownership, status)) {
      const { ownership: _, ...facts } = this.#facts;
      this.#facts = { ...facts, ...(status && { ownership: status }) };
      this.transition({});
    }
    this.aspect('ownership', aspect);
  }

  /** Another poller was met. */
  conflict(message: string, since: string): void {
    this.transition({ conflict: { since: this.#facts.conflict?.since ?? since, message } });
  }

  /** No other poller is there any more. */
  noConflict(): void {
    if (!this.#facts.conflict) return;
    const { conflict: _, ...facts } = this.#facts;
    this.#facts = facts;
    this.transition({});
  }
}
