import type { Clock } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Count, Counters } from './counters.ts';

/** For so long what failed is not asked again. */
const REST_MS = 10_000;

/** What {@link InsuredCounters} work with. */
export interface InsuredOptions {
  /** What all replicas count in. */
  readonly shared: Counters;
  /** What this one counts in while that can't be had. */
  readonly own: Counters;
  readonly clock: Clock;
  readonly log: Log;
}

/** Counts with the other replicas, and alone, which the log says, while that is not possible. */
export class InsuredCounters implements Counters {
  readonly #options: InsuredOptions;
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #isAlone = false;

  constructor(options: InsuredOptions) {
    this.#options = options;
  }

  add: Counters['add'] = (thing, peer) => this.#ask((counters) => counters.add(thing, peer));
  look: Counters['look'] = (thing, peer) => this.#ask((counters) => counters.look(thing, peer));

  async #ask(question: (counters: Counters) => Promise<Count>): Promise<Count> {
    const { shared, own, clock, log } = this.#options;
    if (clock.monotonicMs() < this.#restsUntilMs) return question(own);
    try {
      const count = await question(shared);
      if (this.#isAlone) log.info('limits by address are counted with all replicas again');
      this.#isAlone = false;
      return count;
    } catch (error) {
      this.#restsUntilMs = clock.monotonicMs() + REST_MS;
      if (!this.#isAlone) {
        const why = errorMessage(error);
        log.warn(`limits by address are counted by this replica alone for now: ${why}`);
      }
      this.#isAlone = true;
      return question(own);
    }
  }
}
