import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'grammy';
import type { OwnershipStatus } from '../../api/ownership.ts';
import { type Clock, fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import { randomCode } from '../../lib/random.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Sweep, SweepTask } from '../sweep.ts';
import { CodeTries } from './code-tries.ts';
import type { FactsRecorder } from './facts-recorder.ts';

const CODE_CHARACTERS = 8;
const CODE_MS = 1_800_000;
/** A code is replaced before it ends, so that the one in the status is always good. */
const RENEW_MS = 1_560_000;
/** What can be a code, alone or behind `/start` as a link brings it. Case does not matter. */
const TRY = new RegExp(`^(?:/start(?:@\\w+)?\\s+)?([0-9a-z]{${CODE_CHARACTERS}})$`, 'i');

const WELCOME = 'Thank you. This bot is yours, and starts to work now.';
const WRONG =
  'This code is not valid, or not any more. The present one stands in status.ownership.code.';

export interface OwnershipOptions {
  readonly clock: Clock;
  readonly sweep: Sweep;
  readonly log: Log;
  /** Holds what is known of the owner, and so survives restarts. */
  readonly recorder: FactsRecorder;
  /** Without the @. */
  readonly username: string;
  /** The owner has sent the code. */
  onVerified(): void;
}

/**
 * The proof that who runs a bot also reaches it in Telegram: a code that stands in the status is to
 * be sent to the bot in a private chat. It is compared in constant time, changes every half an
 * hour, and can be guessed at only a few times.
 */
export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #tries: CodeTries;
  #required = false;
  #task: SweepTask | undefined;

  constructor(options: OwnershipOptions) {
    this.#options = options;
    this.#tries = new CodeTries(options.clock);
  }

  /** Whether the bot waits for its owner. */
  get pending(): boolean {
    return this.#required && this.#known?.verifiedBy === undefined;
  }

  /** Whether a proof is asked for from now on. One that was given stays while it is. */
  require(required: boolean): void {
    this.#required = required;
    this.close();
    if (!required) {
      this.#options.recorder.ownership(undefined, undefined);
    } else if (this.pending) {
      const leftMs = fromTimestamp(this.#known?.expiresAt ?? '') - this.#options.clock.wallMs();
      // A clock that has stepped back makes no code live longer.
      if (leftMs > CODE_MS - RENEW_MS && leftMs <= CODE_MS) this.#tell(this.#known ?? {});
      else this.#renew();
      this.#task = this.#options.sweep.add(this.#renewInMs(), () => this.#renew());
    } else {
      this.#tell(this.#known ?? {});
    }
  }

  /** The code is renewed no more. */
  close(): void {
    this.#task?.cancel();
    this.#task = undefined;
  }

  /**
   * Looks at an update while {@link Ownership.pending}. Handled is a try at the code that counts;
   * all else is nobody's yet.
   */
  async handle(ctx: Context): Promise<'handled' | 'unmatched'> {
    const { message } = ctx;
    const [, tried] = TRY.exec(typeof message?.text === 'string' ? message.text.trim() : '') ?? [];
    if (tried === undefined || !message?.from || message.chat.type !== 'private') {
      return 'unmatched';
    }
    if (!this.#tries.take(message.from.id)) return 'unmatched';
    const right = this.#accepts(tried);
    if (right) this.#verified(message.from.id);
    else if (this.#tries.exhausted) this.#renew();
    await this.#reply(ctx, right ? WELCOME : WRONG);
    return 'handled';
  }

  get #known(): OwnershipStatus | undefined {
    return this.#options.recorder.facts.ownership;
  }

  #accepts(tried: string): boolean {
    const { code, expiresAt } = this.#known ?? {};
    if (code === undefined || expiresAt === undefined) return false;
    const isOver = this.#options.clock.wallMs() >= fromTimestamp(expiresAt);
    return timingSafeEqual(digest(tried.toUpperCase()), digest(code)) && !isOver;
  }

  #verified(userId: number): void {
    const { clock, log } = this.#options;
    this.close();
    log.info({ user: userId }, 'the owner has sent the code');
    this.#tell({ verifiedBy: userId, verifiedAt: toTimestamp(clock.wallMs()) });
    this.#options.onVerified();
  }

  /** Puts another code into the status. Returns when the next is due. */
  #renew(): number {
    this.#tries.anew();
    const expiresAt = toTimestamp(this.#options.clock.wallMs() + CODE_MS);
    this.#tell({ code: randomCode(CODE_CHARACTERS), expiresAt });
    return RENEW_MS;
  }

  #renewInMs(): number {
    const endMs = fromTimestamp(this.#known?.expiresAt ?? '');
    return endMs - this.#options.clock.wallMs() - (CODE_MS - RENEW_MS);
  }

  #tell(status: OwnershipStatus): void {
    const { recorder, username } = this.#options;
    const { expiresAt, verifiedBy, verifiedAt } = status;
    const ok = verifiedBy !== undefined;
    recorder.ownership(status, {
      ok,
      reason: ok ? 'Verified' : 'CodePending',
      message: ok
        ? `Telegram user ${verifiedBy} proved to own the bot at ${verifiedAt}.`
        : `The bot answers nobody yet: send the code in status.ownership.code to @${username} in a private chat before ${expiresAt}.`,
    });
  }

  async #reply(ctx: Context, text: string): Promise<void> {
    try {
      await ctx.reply(text);
    } catch (error) {
      this.#options.log.warn(`an answer to a code was not sent: ${errorMessage(error)}`);
    }
  }
}

function digest(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
