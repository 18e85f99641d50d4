import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { Clock, Timer } from '../../lib/clock.ts';

/** How long a change that is no transition may wait for others. */
const COALESCE_MS = 300;

/**
 * The facts of one bot, told to `publish` whenever they change: at once with {@link transition},
 * together with other changes of the next 300 ms with {@link note}.
 */
export class FactsRecorder {
  readonly #clock: Clock;
  readonly #publish: (facts: RuntimeFacts) => void;
  #facts: RuntimeFacts;
  #timer: Timer | undefined;

  constructor(clock: Clock, initial: RuntimeFacts, publish: (facts: RuntimeFacts) => void) {
    this.#clock = clock;
    this.#facts = initial;
    this.#publish = publish;
  }

  get facts(): RuntimeFacts {
    return this.#facts;
  }

  /** Changes facts that others wait for. */
  transition(change: Partial<RuntimeFacts>): void {
    this.#facts = { ...this.#facts, ...change };
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#publish(this.#facts);
  }

  /** Changes facts that may be told a little later. */
  note(change: Partial<RuntimeFacts>): void {
    this.#facts = { ...this.#facts, ...change };
    this.#timer ??= this.#clock.setTimer(COALESCE_MS, () => this.transition({}));
  }

  /** Adds to counters; told a little later. */
  count(added: Partial<RuntimeFacts['counters']>): void {
    const counters: Record<string, number> = { ...this.#facts.counters };
    for (const [name, value] of Object.entries(added)) {
      counters[name] = (counters[name] ?? 0) + value;
    }
    this.note({ counters: counters as RuntimeFacts['counters'] });
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
