import type { Clock } from '../../lib/clock.ts';
import { LruMap } from '../../lib/lru-map.ts';

const MAX_TRIES_A_USER = 5;
const USER_LOCKOUT_MS = 900_000;
const MAX_USERS = 1_000;
/** All users together, for one code. */
const MAX_TRIES_A_CODE = 100;
const CODE_LOCKOUT_MS = 60_000;

interface UserTries {
  count: number;
  readonly sinceMs: number;
}

/**
 * How often a code may be guessed: five times by one user in a quarter of an hour, and a hundred
 * times by all. So a guess of 40 bits takes thousands of years, and nobody but the owner's own
 * mistakes can keep the owner out for longer than a minute.
 */
export class CodeTries {
  readonly #clock: Clock;
  readonly #users = new LruMap<number, UserTries>(MAX_USERS);
  #count = 0;
  #closedUntilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a user may try once more; then it counts as tried. */
  take(userId: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#closedUntilMs) return false;
    const known = this.#users.get(userId);
    const isOver = !known || nowMs - known.sinceMs >= USER_LOCKOUT_MS;
    const tries = isOver ? { count: 0, sinceMs: nowMs } : known;
    if (tries.count >= MAX_TRIES_A_USER) return false;
    tries.count++;
    this.#users.set(userId, tries);
    this.#count++;
    return true;
  }

  /** Whether the code has been guessed at so often that another is due. */
  get exhausted(): boolean {
    return this.#count >= MAX_TRIES_A_CODE;
  }

  /** There is another code. After one that was guessed at too often nobody may try for a minute. */
  anew(): void {
    if (this.exhausted) this.#closedUntilMs = this.#clock.monotonicMs() + CODE_LOCKOUT_MS;
    this.#count = 0;
  }
}
