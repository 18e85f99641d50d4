import type { Update } from 'grammy/types';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { CallError } from '../telegram/call-error.ts';

/** Who is told of what an intake sees. Its methods must not throw. */
export interface IntakeEvents {
  /** Updates that were not seen before, the oldest first. Each must be {@link Intake.finish}ed. */
  onUpdates(updates: readonly Update[]): void;
  /** Telegram gives the bot its updates: a poll was answered, or the webhook is in place. */
  onContact(): void;
  /**
   * As many updates are in hand as Telegram shows, and the oldest was not finished for a minute:
   * it must be given up, since nobody else is served until then.
   */
  onStuck(): void;
  /** Updates can't be had for now; the intake tries again by itself. */
  onTrouble(error: CallError): void;
}

/** A way in which updates reach a bot. No update that is not finished is ever confirmed. */
export interface Intake {
  /** How many updates are unfinished. */
  readonly open: number;
  /** The update is handled, or given up for good, and may be confirmed. */
  finish(updateId: number): void;
  /** Asks for other kinds from now on. Nothing is lost. */
  setAllowedUpdates(kinds: readonly UpdateKind[]): void;
  /**
   * Takes updates in until `signal` aborts, and then resolves at once; what is unfinished stays
   * unconfirmed. Rejects with an `unauthorized` {@link CallError} when Telegram does not know the
   * token.
   */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Confirms what is finished, if that is not done yet: the last call before the bot goes. Takes a
   * second at most; rejects with a CallError where it is not known to have been confirmed.
   */
  confirm(): Promise<void>;
}
