import type { Clock } from '../../../lib/clock.ts';
import { LruMap } from '../../../lib/lru-map.ts';
import type { Standing } from './standing.ts';

/** For how long what is known counts: of those who have joined, and of those who have not. */
export interface Freshness {
  readonly joinedMs: number;
  readonly absentMs: number;
}

/** Nothing that is known counts. */
export const ASK_ANEW: Freshness = { joinedMs: 0, absentMs: 0 };

interface Known {
  readonly standing: Standing;
  readonly atMs: number;
}

/**
 * What is known of who is in which chat: at most `capacity` standings, and no two questions about
 * the same at once. A failure is nobody's standing, and is not kept.
 */
export class MemberCache {
  readonly #clock: Clock;
  readonly #known: LruMap<string, Known>;
  readonly #asked = new Map<string, Promise<Standing>>();

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.#known = new LruMap(capacity);
  }

  /**
   * The standing under `key`, by `ask` where what is known does not count any more. Rejects with
   * what `ask` rejects with.
   */
  async lookUp(key: string, ask: () => Promise<Standing>, fresh: Freshness): Promise<Standing> {
    const known = this.#known.get(key);
    if (known && this.#counts(known, fresh)) return known.standing;
    const asked = this.#asked.get(key);
    if (asked) return asked;
    const asking = ask();
    this.#asked.set(key, asking);
    try {
      const standing = await asking;
      // Whoever was told of a change meanwhile knows better.
      if (this.#asked.get(key) === asking) this.#keep(key, standing);
      return standing;
    } finally {
      if (this.#asked.get(key) === asking) this.#asked.delete(key);
    }
  }

  /** Telegram has told of `standing` by itself. */
  tell(key: string, standing: Standing): void {
    this.#asked.delete(key);
    this.#keep(key, standing);
  }

  #keep(key: string, standing: Standing): void {
    this.#known.set(key, { standing, atMs: this.#clock.monotonicMs() });
  }

  #counts({ standing, atMs }: Known, { joinedMs, absentMs }: Freshness): boolean {
    const ageMs = this.#clock.monotonicMs() - atMs;
    return ageMs < (standing.joined ? joinedMs : absentMs);
  }
}
