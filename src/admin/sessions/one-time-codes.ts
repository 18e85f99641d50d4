import { createHash } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { LruMap } from '../../lib/lru-map.ts';
import { randomToken } from '../../lib/random.ts';
import type { Secret } from '../../lib/secret.ts';

const GOOD_FOR_MS = 60_000;
/** Of those not used the oldest makes room. */
const MAX_CODES = 100;

/** Codes that each stand for a token once, and for a minute: they may be seen in an address. */
export class OneTimeCodes {
  readonly #clock: Clock;
  readonly #issued = new LruMap<string, { readonly token: Secret; readonly untilMs: number }>(
    MAX_CODES,
  );

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(token: Secret): string {
    const code = randomToken();
    const untilMs = this.#clock.monotonicMs() + GOOD_FOR_MS;
    this.#issued.set(digest(code), { token, untilMs });
    return code;
  }

  /** What it stands for; undefined where it was used, is too old, or was never given out. */
  redeem(code: string): Secret | undefined {
    const issued = this.#issued.get(digest(code));
    this.#issued.delete(digest(code));
    return issued && this.#clock.monotonicMs() < issued.untilMs ? issued.token : undefined;
  }
}

/** How long a look-up takes tells nothing of the codes that there are. */
function digest(code: string): string {
  return createHash('sha256').update(code).digest('base64');
}
