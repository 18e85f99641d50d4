import type { Update } from 'grammy/types';
import type { Clock } from '../../lib/clock.ts';
import { TenantBotError } from '../../lib/errors.ts';
import type { Span } from '../../lib/tracing.ts';
import { laneKey } from '../dispatch/update-kind.ts';

/** Why an update is given up: it keeps all others waiting, or one try takes too long. */
type GivenUp = 'blocks-others' | 'too-slow';

interface OpenUpdate {
  readonly update: Update;
  /** All that becomes of it, where that is traced. */
  readonly span: Span | undefined;
  givenUp?: GivenUp;
  /** Ends the try that is under way. */
  abort?: AbortController;
}

/** What one try must keep to. */
export interface TryLimits {
  /** Ends the try; its own, since it is aborted when its update is given up. */
  readonly abort: AbortController;
  readonly limitMs: number;
}

const ADVICE = "Make the bot's service answer faster.";
const WORDS: Record<GivenUp, { readonly code: string; readonly message: string }> = {
  'blocks-others': {
    code: 'CHAT_STUCK',
    message: `The update took so long that it kept all other chats waiting, and was given up. ${ADVICE}`,
  },
  'too-slow': {
    code: 'HANDLER_TOO_SLOW',
    message: `Handling the update took too long, so it was cut off and given up. ${ADVICE}`,
  },
};

/**
 * The updates that one bot has in hand, so that they can be given up: those of a chat together
 * where they block all others, and each of which a try takes too long.
 */
export class OpenUpdates {
  readonly #clock: Clock;
  readonly #updates = new Map<number, OpenUpdate>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#updates.size;
  }

  has(updateId: number): boolean {
    return this.#updates.has(updateId);
  }

  /** `span` is all that becomes of it, where that is traced. */
  add(update: Update, span?: Span): void {
    this.#updates.set(update.update_id, { update, span });
  }

  /** What the update is traced by, where it is. */
  spanOf(updateId: number): Span | undefined {
    return this.#updates.get(updateId)?.span;
  }

  remove(updateId: number): void {
    this.#updates.delete(updateId);
  }

  /** Why the update is given up, in words, as what its try that ended with `cause` came to. */
  givenUp(updateId: number, cause: unknown): TenantBotError | undefined {
    const reason = this.#updates.get(updateId)?.givenUp;
    if (!reason) return undefined;
    const { code, message } = WORDS[reason];
    return new TenantBotError('remote', code, message, { cause });
  }

  /**
   * Gives up the oldest update and all others of its chat: tries under way are aborted, and
   * {@link givenUp} tells of the rest. Returns how many there were.
   */
  giveUpOldestChat(): number {
    const [oldest] = this.#updates.values();
    if (!oldest) return 0;
    const chat = laneKey(oldest.update);
    const blocking = [...this.#updates.values()].filter(({ update }) => laneKey(update) === chat);
    for (const open of blocking) {
      open.givenUp = 'blocks-others';
      open.abort?.abort();
    }
    return blocking.length;
  }

  /**
   * Runs one try of an update, which is aborted when the update is given up. Rejects at the time
   * limit, whether or not `work` heeds its signal. Throws what `work` throws.
   */
  try<Result>(
    updateId: number,
    { abort, limitMs }: TryLimits,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const open = this.#updates.get(updateId);
    if (open) open.abort = abort;
    if (open?.givenUp) abort.abort();
    const working = work(abort.signal);
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(limitMs, () => {
        if (open) open.givenUp ??= 'too-slow';
        abort.abort();
        reject(new Error(`took longer than ${limitMs} ms`));
      });
      const end = <Ending>(settle: (ending: Ending) => void) => {
        return (ending: Ending): void => {
          timer.cancel();
          settle(ending);
        };
      };
      working.then(end(resolve), end(reject));
    });
  }
}
