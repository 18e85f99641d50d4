import type { FloodFigures } from './settings.ts';
import { SlidingWindow } from './sliding-window.ts';
import { TokenBucket } from './token-bucket.ts';

/** Which budget a message was above, or that it came during the pause for an earlier one. */
export type FloodLimit = 'chat' | 'group' | 'bulk' | 'cooldown';

/** Why a message is refused. */
export interface FloodRefusal {
  readonly limit: FloodLimit;
  readonly waitMs: number;
}

/** A message on its way. */
export interface FloodEvent {
  readonly chatId: number;
  readonly isPrivate: boolean;
  /** The user has written just now: the bulk limit does not count this message. */
  readonly isReply: boolean;
  readonly nowMs: number;
}

/** What {@link SlidingWindow} and {@link TokenBucket} have in common. */
interface Budget {
  waitMs(nowMs: number): number;
  add(nowMs: number): void;
}

/** The pause after an offence, and how many there were in a row. */
interface Cooldown {
  untilMs: number;
  offences: number;
}

interface ChatState {
  readonly budget: Budget;
  readonly cooldown: Cooldown;
}

/**
 * The messages of one bot: so many to one chat, and so many in bulk. A message above a budget
 * starts a pause, for the chat or for all bulk messages; each message during a pause lengthens it,
 * and each further offence doubles it until some time has passed without one. How Telegram does it
 * exactly is not known. Pure: time comes in with each call and never goes back.
 */
export class FloodControl {
  readonly #figures: FloodFigures;
  readonly #chats = new Map<number, ChatState>();
  readonly #bulk: ChatState;

  constructor(figures: FloodFigures) {
    this.#figures = figures;
    this.#bulk = stateWith(new SlidingWindow(figures.bulkPerSecond, 1_000));
  }

  /** Counts the message, or says why it is refused. */
  refuse({ chatId, isPrivate, isReply, nowMs }: FloodEvent): FloodRefusal | undefined {
    const chat = this.#chat(chatId, isPrivate);
    const states = isReply ? [chat] : [chat, this.#bulk];
    const paused = states.find(({ cooldown }) => nowMs < cooldown.untilMs);
    if (paused) return { limit: 'cooldown', waitMs: this.#lengthen(paused.cooldown, nowMs) };
    const above = states.find(({ budget }) => budget.waitMs(nowMs) > 0);
    if (above) {
      const waitMs = this.#punish(above, nowMs);
      return { limit: above === this.#bulk ? 'bulk' : isPrivate ? 'chat' : 'group', waitMs };
    }
    for (const { budget } of states) budget.add(nowMs);
    return undefined;
  }

  #chat(chatId: number, isPrivate: boolean): ChatState {
    const { privatePerSecond, privateBurst, groupPerMinute } = this.#figures;
    let state = this.#chats.get(chatId);
    if (!state) {
      state = stateWith(
        isPrivate
          ? new TokenBucket(privatePerSecond, privateBurst)
          : new SlidingWindow(groupPerMinute, 60_000),
      );
      this.#chats.set(chatId, state);
    }
    return state;
  }

  #lengthen(cooldown: Cooldown, nowMs: number): number {
    const { lengthenSeconds, maxCooldownSeconds } = this.#figures;
    const longestMs = Math.max(cooldown.untilMs, nowMs + maxCooldownSeconds * 1_000);
    cooldown.untilMs = Math.min(cooldown.untilMs + lengthenSeconds * 1_000, longestMs);
    return cooldown.untilMs - nowMs;
  }

  #punish({ budget, cooldown }: ChatState, nowMs: number): number {
    const { cooldownSeconds, maxCooldownSeconds, forgiveSeconds } = this.#figures;
    const forgiven = nowMs >= cooldown.untilMs + forgiveSeconds * 1_000;
    cooldown.offences = forgiven ? 1 : cooldown.offences + 1;
    const pauseSeconds = Math.min(
      cooldownSeconds * 2 ** (cooldown.offences - 1),
      maxCooldownSeconds,
    );
    const waitMs = Math.max(budget.waitMs(nowMs), pauseSeconds * 1_000);
    cooldown.untilMs = nowMs + waitMs;
    return waitMs;
  }
}

function stateWith(budget: Budget): ChatState {
  return { budget, cooldown: { untilMs: Number.NEGATIVE_INFINITY, offences: 0 } };
}
