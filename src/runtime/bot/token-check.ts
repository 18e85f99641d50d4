import type { Resume } from '../../api/bot-recall.ts';
import type { TokenStatus } from '../../api/tenant-bot-status.ts';
import type { TokenState } from '../../api/token.ts';
import { type BackoffPolicy, equalJitterMs } from '../../lib/backoff.ts';
import { type Clock, toTimestamp } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { CallError, CallFault } from '../telegram/call-error.ts';
import type { StartRank } from './start-queue.ts';

/** How often Telegram must have refused a token, and for how long, before it counts as revoked. */
const REVOKED_AFTER_REFUSALS = 3;
const REVOKED_AFTER_MS = 120_000;

const RENEW =
  'Ask @BotFather for the token (/token, or /revoke for a new one) and put it into the Secret; the bot then starts by itself.';

const BACKOFF: Record<'network' | 'refused' | 'revoked', BackoffPolicy> = {
  network: { initialMs: 1_000, maxMs: 60_000 },
  refused: { initialMs: 5_000, maxMs: 60_000 },
  // Each getMe of a dead token eats of the budget for cold starts that all bots share.
  revoked: { initialMs: 300_000, maxMs: 1_800_000 },
};
/** Bots that Telegram puts off together don't come back together. */
const PUT_OFF_JITTER_MS = 1_000;

/** A token of which Telegram has not been asked. */
export const UNCHECKED: TokenStatus = {
  state: 'UnknownError',
  message: 'The token has not been checked yet.',
};

/** What was known of a token and its bot before. */
export type KnownToken = Pick<Resume, 'bot' | 'token'>;

const STATES: Record<CallFault, TokenState> = {
  network: 'NetworkError',
  timeout: 'Timeout',
  server: 'NetworkError',
  'rate-limited': 'NetworkError',
  unauthorized: 'Unauthorized',
  conflict: 'UnknownError',
  rejected: 'UnknownError',
  unknown: 'UnknownError',
  'breaker-open': 'NetworkError',
  'held-back': 'UnknownError',
  aborted: 'UnknownError',
};

/**
 * What is known of one token, from Telegram's answers to it (DESIGN §10). One 401 proves nothing:
 * a fresh token may get some. Only refusals that go on for minutes mean that it was revoked.
 */
export class TokenCheck {
  readonly #clock: Clock;
  readonly #random: Random;
  #status = UNCHECKED;
  #rank: StartRank;
  #refusals = 0;
  #firstRefusalMs = 0;
  #failures = 0;

  /** `resume` is what was known of the token before this check began. */
  constructor(clock: Clock, random: Random, resume?: KnownToken) {
    this.#clock = clock;
    this.#random = random;
    this.#rank = rankOf(resume);
  }

  get status(): TokenStatus {
    return this.#status;
  }

  /** Where the bot stands in line for its next check. */
  get rank(): StartRank {
    return this.#rank;
  }

  /** Telegram knows the token. */
  accepted(): void {
    this.#refusals = 0;
    this.#failures = 0;
    this.#rank = 'known';
    this.#set('Valid', '');
  }

  /** A call failed. Returns how long to wait before the token is checked again, in milliseconds. */
  failed(error: CallError): number {
    if (error.fault === 'unauthorized') return this.#refused();
    // Words for a token that Telegram refused last say more than "no network".
    if (this.#refusals === 0) this.#set(STATES[error.fault], error.message);
    if (error.retryAfterMs !== undefined) {
      return error.retryAfterMs + PUT_OFF_JITTER_MS * this.#random();
    }
    return equalJitterMs(BACKOFF.network, this.#failures++, this.#random);
  }

  #refused(): number {
    const nowMs = this.#clock.monotonicMs();
    if (this.#refusals++ === 0) this.#firstRefusalMs = nowMs;
    const revoked =
      this.#refusals >= REVOKED_AFTER_REFUSALS && nowMs - this.#firstRefusalMs >= REVOKED_AFTER_MS;
    if (!revoked) {
      // One that was good before has earned another look.
      if (this.#rank === 'new') this.#rank = 'suspect';
      this.#set(
        'Unauthorized',
        `Telegram does not accept the token; it is checked again. ${RENEW}`,
      );
      return equalJitterMs(BACKOFF.refused, this.#refusals - 1, this.#random);
    }
    if (this.#status.state !== 'Revoked') this.#failures = 0;
    this.#rank = 'dead';
    this.#set('Revoked', `Telegram has refused the token for minutes: it was revoked. ${RENEW}`);
    return equalJitterMs(BACKOFF.revoked, this.#failures++, this.#random);
  }

  #set(state: TokenState, message: string): void {
    this.#status = { state, lastChecked: toTimestamp(this.#clock.wallMs()), message };
  }
}

function rankOf(resume: KnownToken | undefined): StartRank {
  if (resume?.token === 'Unauthorized' || resume?.token === 'Revoked') return 'suspect';
  return resume?.bot ? 'known' : 'new';
}
