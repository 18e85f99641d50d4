import type { Update } from 'grammy/types';
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { Sweep } from '../sweep.ts';
import type { CallError } from '../telegram/call-error.ts';
import type { WebhookDoor } from '../webhook/webhook-door.ts';

/** What the intakes of all bots share. */
export interface IntakeDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly sweep: Sweep;
  readonly webhookDoor: WebhookDoor;
  /** Whether nobody but strangers can be after a bot's updates. */
  readonly inContact: () => boolean;
  /** How long Telegram may hold a poll, in seconds. */
  readonly holdSeconds: number;
}

/** Who is told of what an intake sees. Its methods must not throw. */
export interface IntakeEvents {
  /** Updates that were not seen before, the oldest first. Each must be {@link Intake.finish}ed. */
  onUpdates(updates: readonly Update[]): void;
  /** Telegram gives the bot its updates: a poll was answered, or the webhook is in place. */
  onContact(): void;
  /** A moment to let go of what is over; comes again and again. */
  onLull(): void;
  /**
   * As many updates are in hand as Telegram shows, and the oldest was not finished for a minute:
   * it must be given up, since nobody else is served until then.
   */
  onStuck(): void;
  /** Updates can't be had for now; the intake tries again by itself. */
  onTrouble(error: CallError): void;
  /**
   * The intake has ended by itself: with an `unauthorized` {@link CallError} where Telegram does not
   * know the token.
   */
  onFailed(error: unknown): void;
}

/**
 * A way in which updates reach a bot. No update that is not finished is ever confirmed. While it
 * waits for updates nothing of it is suspended but a call, and it holds no signal that it can do
 * without: thousands wait at once.
 */
export interface Intake {
  /** The update is handled, or given up for good, and may be confirmed. */
  finish(updateId: number): void;
  /** Asks for other kinds from now on. Nothing is lost. */
  setAllowedUpdates(kinds: readonly UpdateKind[]): void;
  /** Begins to take updates in. */
  start(): void;
  /**
   * Takes no more in from now on; what is unfinished stays unconfirmed. Resolves when nothing is
   * under way any more.
   */
  stop(): Promise<void>;
  /**
   * Confirms what is finished, if that is not done yet: the last call before the bot goes. Takes a
   * second at most; rejects with a CallError where it is not known to have been confirmed.
   */
  confirm(): Promise<void>;
}
