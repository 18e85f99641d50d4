import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.ts';

/** How much is remembered, and for how long. */
export interface AnswerCacheOptions<Value> {
  readonly max: number;
  /** How long an answer holds; 0 where it is not to be remembered. */
  readonly holdsMs: (value: Value) => number;
  readonly clock: Clock;
}

/** Answers that hold for a while. Who asks the same at the same time waits for one answer. */
export class AnswerCache<Value extends object> {
  readonly #answers: LRUCache<string, Value>;
  readonly #asked = new Map<string, Promise<Value>>();
  readonly #holdsMs: (value: Value) => number;

  constructor({ max, holdsMs, clock }: AnswerCacheOptions<Value>) {
    this.#holdsMs = holdsMs;
    // To the library 0 is no time at all.
    const perf = { now: () => 1 + clock.monotonicMs() };
    this.#answers = new LRUCache({ max, perf, ttlResolution: 0 });
  }

  /** What `ask` came to for `key`. Rejects as it does, and then nothing is remembered. */
  async get(key: string, ask: () => Promise<Value>): Promise<Value> {
    const known = this.#answers.get(key);
    if (known) return known;
    const asked = this.#asked.get(key) ?? this.#ask(key, ask);
    return asked;
  }

  #ask(key: string, ask: () => Promise<Value>): Promise<Value> {
    const answer = ask()
      .then((value) => {
        const ttl = this.#holdsMs(value);
        if (ttl > 0) this.#answers.set(key, value, { ttl });
        return value;
      })
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, answer);
    return answer;
  }
}
