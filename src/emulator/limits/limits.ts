import type { Clock } from '../../lib/clock.ts';
import { type ApiError, tooManyRequests } from '../api-error.ts';
import type { Bot } from '../bot.ts';
import type { Chat } from '../chat.ts';
import { ColdStart } from './cold-start.ts';
import { FloodControl } from './flood-control.ts';
import { type LimitSettings, type LimitsInForce, laidOver } from './settings.ts';
import { SlidingWindow } from './sliding-window.ts';

const DAY_MS = 24 * 3_600_000;

/** What one bot has used up. */
interface BotUse {
  readonly floodControl: FloodControl | undefined;
  readonly nameChanges: SlidingWindow | undefined;
}

/**
 * Telegram's limits, each of which can be turned on, off and given other figures while the emulator
 * runs; a change starts the counting anew. Refusals are 429 with `retry_after`, named for the
 * ledger.
 */
export class Limits {
  readonly #clock: Clock;
  readonly #initial: LimitsInForce;
  #inForce: LimitsInForce;
  #coldStart: ColdStart | undefined;
  #uses = new WeakMap<Bot, BotUse>();

  /** Throws where `settings` can't be. */
  constructor(clock: Clock, settings: LimitSettings = {}) {
    this.#clock = clock;
    this.#initial = laidOver(settings);
    this.#inForce = this.#initial;
    this.reset();
  }

  get inForce(): LimitsInForce {
    return this.#inForce;
  }

  /** Changes what `settings` name. Throws where they can't be. */
  change(settings: LimitSettings): void {
    this.#start(laidOver(settings, this.#inForce), settings.coldStart !== undefined);
  }

  /** As at the start of the emulator. */
  reset(): void {
    this.#start(this.#initial, true);
  }

  /** A call with `token` from `address` has come; `opens` a bot or nothing. */
  refuseCold(token: string, address: string, opens: boolean): ApiError | undefined {
    if (!this.#coldStart) return undefined;
    const nowMs = this.#clock.monotonicMs();
    const waitMs = this.#coldStart.admit({ token, address, opens, nowMs });
    return waitMs > 0 ? refusal('cold-start', waitMs) : undefined;
  }

  /** A call has ended: the bot was in use until now, or the server has let go of it. */
  endUse(token: string, isOpen: boolean): void {
    if (isOpen) this.#coldStart?.use(token, this.#clock.monotonicMs());
    else this.#coldStart?.unload(token);
  }

  /** Whether `activeCalls` of a bot at once are too many: what to answer, after which pause. */
  overload(
    activeCalls: number,
  ): { readonly delayMs: number; readonly error: ApiError } | undefined {
    const { overload } = this.#inForce;
    if (!overload || activeCalls <= overload.activeCalls) return undefined;
    return {
      delayMs: overload.delaySeconds * 1_000,
      error: refusal('overload', overload.retryAfterSeconds * 1_000),
    };
  }

  /** `bot` sends a message to `chat`. Throws where that is too much. */
  countMessage(bot: Bot, chat: Chat): void {
    const { floodControl } = this.#inForce;
    if (!floodControl) return;
    const nowMs = this.#clock.monotonicMs();
    const refused = this.#use(bot).floodControl?.refuse({
      chatId: chat.id,
      isPrivate: chat.type === 'private',
      isReply: nowMs < chat.heardAtMs + floodControl.replySeconds * 1_000,
      nowMs,
    });
    if (refused) throw refusal(refused.limit, refused.waitMs);
  }

  /** `bot` changes its name. Throws where that is too much. */
  countNameChange(bot: Bot): void {
    const window = this.#use(bot).nameChanges;
    if (!window) return;
    const nowMs = this.#clock.monotonicMs();
    const waitMs = window.waitMs(nowMs);
    if (waitMs > 0) throw refusal('name-changes', waitMs);
    window.add(nowMs);
  }

  #start(inForce: LimitsInForce, coldStartToo: boolean): void {
    this.#inForce = inForce;
    this.#uses = new WeakMap();
    if (!coldStartToo) return;
    this.#coldStart = inForce.coldStart ? new ColdStart(inForce.coldStart) : undefined;
  }

  #use(bot: Bot): BotUse {
    let use = this.#uses.get(bot);
    if (!use) {
      const { floodControl, nameChanges } = this.#inForce;
      use = {
        floodControl: floodControl ? new FloodControl(floodControl) : undefined,
        nameChanges: nameChanges ? new SlidingWindow(nameChanges.perDay, DAY_MS) : undefined,
      };
      this.#uses.set(bot, use);
    }
    return use;
  }
}

/** Whole seconds, never fewer than are needed: who obeys it is let through. */
function refusal(limit: string, waitMs: number): ApiError {
  return tooManyRequests(Math.ceil(waitMs / 1_000), limit);
}
