import { type Cooldowns, MAX_CHAT_COOLDOWNS } from '../../../api/cooldown.ts';
import { durationMs } from '../../../api/duration-text.ts';
import type { Limits } from '../../../api/limits.ts';
import type { RetrySettings } from '../../../api/retry.ts';
import { type Clock, toTimestamp } from '../../../lib/clock.ts';
import { CallError } from '../../telegram/call-error.ts';
import { type Moment, momentOf } from '../moment.ts';
import { type Chat, Chats, chatKeyOf } from './chats.ts';
import { Pace } from './pace.ts';
import { cooldownOf, extended, NO_PAUSE, resumed } from './pause.ts';
import type { WaitedFor } from './rate-waits.ts';
import { SlidingWindow, WINDOW_MS } from './sliding-window.ts';
import { type LineRules, type Priority, type Turn, WaitingLine } from './waiting-line.ts';

/** How many calls of one priority may wait. */
const CAPACITY = 256;

/** A pause in answer to these is one for the bot. */
const ABOUT_THE_BOT: ReadonlySet<string> = new Set(['getMe', 'getUpdates']);

/** What a spec says of the calls of its bot. */
export interface BotRateSettings {
  readonly limits: Limits;
  readonly retry: { readonly rateLimit: Pick<RetrySettings['rateLimit'], 'maxRetryAfter'> };
}

/** What a bot that has made calls lately has used up. */
interface Used {
  readonly window: SlidingWindow;
  readonly pace: Pace;
  readonly chats: Chats;
}

/** One call on its way through the limits of its bot. */
export interface BotTurn extends Turn {
  readonly method: string;
  readonly lane: Chat;
  /** Whether its lane limits it. */
  readonly isLimited: boolean;
  /** Where it is: let through by {@link BotRates.enter}, and then sent. */
  stage: 'new' | 'entered' | 'sent';
}

/**
 * The limits of one bot's calls, polls excepted: its own (`limits` of the spec), those of Telegram
 * for each chat, and the pauses that Telegram asks for. A pause holds for its chat; when a second
 * chat gets one meanwhile, for all calls of the bot.
 *
 * ```
 *          enter              send                    leave
 *   new ───────────► entered ────────────────► sent ─────────► (under way no more)
 *    ▲                  │ a pause has begun
 *    └──────────────────┘ in between
 * ```
 */
export class BotRates implements LineRules<BotTurn> {
  readonly #clock: Clock;
  #settings: BotRateSettings;
  /** Absent in an idle bot, so that it weighs next to nothing. */
  #used: Used | undefined;
  #line: WaitingLine<BotTurn> | undefined;
  /** Calls that have entered and not left, and those of them that are not sent yet. */
  #running = 0;
  #unsent = 0;
  #pause = NO_PAUSE;

  constructor(settings: BotRateSettings, clock: Clock) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Goes by other settings from now on; what has been sent counts towards them. */
  apply(settings: BotRateSettings): void {
    this.#settings = settings;
    const { requestsPerSecond, burst } = settings.limits;
    this.#used?.window.resize(requestsPerSecond, WINDOW_MS);
    this.#used?.pace.setPace(1_000 / requestsPerSecond, burst);
    this.#line?.review();
  }

  /** Goes on from what was told of the pauses before. */
  resume({ cooldown, chatCooldowns = [] }: Cooldowns, now: Moment): void {
    if (cooldown) this.#pause = resumed(cooldown, now);
    for (const told of chatCooldowns.slice(0, MAX_CHAT_COOLDOWNS)) {
      const pause = resumed(told, now);
      if (pause !== NO_PAUSE) this.#use().chats.use(told.of, now.monotonicMs).pause = pause;
    }
  }

  /** The pauses that are not over: what is to be told of them. */
  cooldowns(nowMs: number): Cooldowns {
    const chats = [...(this.#used?.chats.pauses(nowMs) ?? [])]
      .toSorted(([, a], [, b]) => b.untilMs - a.untilMs)
      .slice(0, MAX_CHAT_COOLDOWNS);
    return {
      ...(this.#pause.untilMs > nowMs && { cooldown: cooldownOf(this.#pause) }),
      ...(chats.length > 0 && {
        chatCooldowns: Array.from(chats, ([of, pause]) => ({ of, ...cooldownOf(pause) })),
      }),
    };
  }

  /** In how long calls past these limits may be made, as far as pauses for `methods` go. */
  pausedMs(...methods: readonly string[]): number {
    const nowMs = this.#clock.monotonicMs();
    const ends = methods.map((method) => this.#used?.chats.pauseOf(method).untilMs ?? nowMs);
    return Math.max(0, ...ends.map((untilMs) => untilMs - nowMs));
  }

  /** A call that is to be made; must {@link enter}. */
  turn(
    call: { readonly method: string; readonly payload: object },
    { priority, deadlineMs }: { readonly priority: Priority; readonly deadlineMs: number },
  ): BotTurn {
    const { method, payload } = call;
    const lane = this.#use().chats.use(chatKeyOf(method, payload), this.#clock.monotonicMs());
    return { method, priority, deadlineMs, lane, isLimited: lane.limits(method), stage: 'new' };
  }

  /**
   * Lets the call through at once and returns undefined, or resolves when it is its turn. Rejects
   * with a CallError, `held-back` or `aborted`, where that does not come. Whoever is let through
   * must {@link leave}.
   */
  enter(turn: BotTurn, signal: AbortSignal): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs();
    const pauseMs = Math.max(this.#pause.untilMs, turn.lane.pause.untilMs) - nowMs;
    if (pauseMs > 0 && pauseMs > this.#maxPauseMs) {
      return Promise.reject(this.#pauseTooLong(pauseMs));
    }
    if (!this.#line && this.#mayGo(turn, nowMs)) {
      this.take(turn);
      return undefined;
    }
    this.#line ??= new WaitingLine({ clock: this.#clock, rules: this, capacity: CAPACITY });
    return this.#line.enter(turn, signal);
  }

  /** What a call waits for that {@link enter} has not let through at once. */
  limitOf(turn: BotTurn): Exclude<WaitedFor, 'fleet'> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#pause.untilMs > nowMs || turn.lane.isPaused(nowMs)) return 'pause';
    return this.laneMs(turn, nowMs, 0) > nowMs ? 'chat' : 'bot';
  }

  /** Counts a call that is sent now. False where a pause has begun since it entered: enter again. */
  send(turn: BotTurn): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (Math.max(this.#pause.untilMs, turn.lane.pause.untilMs) > nowMs) {
      this.leave(turn);
      return false;
    }
    this.#unsent--;
    if (turn.isLimited) {
      turn.lane.unsent--;
      turn.lane.add(nowMs);
    }
    turn.stage = 'sent';
    this.#used?.pace.add(nowMs);
    return true;
  }

  /** The call has ended, or is not made after all. */
  leave(turn: BotTurn): void {
    if (turn.stage === 'new') return;
    this.#running--;
    turn.lane.running--;
    if (turn.stage === 'sent') this.#used?.window.end(this.#clock.monotonicMs());
    else {
      this.#used?.window.cancel();
      this.#unsent--;
      if (turn.isLimited) turn.lane.unsent--;
    }
    turn.stage = 'new';
    this.#line?.wake();
  }

  /** Telegram asked for a pause in answer to this call. True where it holds for the whole bot. */
  pause(turn: BotTurn, forMs: number): boolean {
    const now = momentOf(this.#clock);
    turn.lane.pause = extended(turn.lane.pause, forMs, now);
    const isWide = turn.lane.isChat && this.#used?.chats.hasOtherPause(turn.lane, now.monotonicMs);
    const isAboutAll = isWide === true || ABOUT_THE_BOT.has(turn.method);
    if (isAboutAll) this.#pause = extended(this.#pause, forMs, now);
    this.#line?.review();
    return isAboutAll;
  }

  /** Telegram asked for a pause in answer to a call past these limits: it holds for the whole bot. */
  pauseAll(method: string, forMs: number): void {
    const now = momentOf(this.#clock);
    const lane = this.#use().chats.use(method, now.monotonicMs);
    lane.pause = extended(lane.pause, forMs, now);
    this.#pause = extended(this.#pause, forMs, now);
    this.#line?.review();
  }

  /** Forgets what no longer matters: to be called from time to time. */
  tidy(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#line?.isEmpty) this.#line = undefined;
    if (!this.#used || this.#running > 0 || this.#line) return;
    const { window, pace, chats } = this.#used;
    chats.tidy(nowMs);
    if (chats.size === 0 && window.isIdle(nowMs) && pace.isIdle(nowMs)) this.#used = undefined;
  }

  isFull(): boolean {
    return this.#running >= this.#settings.limits.maxConcurrent;
  }

  openMs(nowMs: number, ahead: number): number {
    return Math.max(
      this.#pause.untilMs,
      this.#used?.window.earliestMs(nowMs, ahead) ?? nowMs,
      this.#used?.pace.earliestMs(nowMs, ahead + this.#unsent) ?? nowMs,
    );
  }

  laneMs(turn: BotTurn, nowMs: number, ahead: number): number {
    return turn.isLimited ? turn.lane.limitedMs(nowMs, ahead) : turn.lane.callMs(nowMs);
  }

  take(turn: BotTurn): void {
    this.#running++;
    turn.lane.running++;
    this.#unsent++;
    this.#used?.window.begin();
    if (turn.isLimited) turn.lane.unsent++;
    turn.stage = 'entered';
  }

  reason(turn: BotTurn, nowMs: number): string {
    const { requestsPerSecond, burst, maxConcurrent } = this.#settings.limits;
    if (this.#pause.untilMs > nowMs) return 'Telegram asked the bot to slow down';
    if (turn.lane.isPaused(nowMs)) return 'Telegram asked to slow down in this chat';
    if (this.laneMs(turn, nowMs, 0) > nowMs) return turn.lane.limitWords;
    if (this.isFull()) return `limits.maxConcurrent of the bot is ${maxConcurrent}`;
    return `limits.requestsPerSecond of the bot is ${requestsPerSecond}, burst ${burst}`;
  }

  #use(): Used {
    this.#used ??= unused(this.#settings.limits);
    return this.#used;
  }

  #mayGo(turn: BotTurn, nowMs: number): boolean {
    return !this.isFull() && this.openMs(nowMs, 0) <= nowMs && this.laneMs(turn, nowMs, 0) <= nowMs;
  }

  get #maxPauseMs(): number {
    return durationMs(this.#settings.retry.rateLimit.maxRetryAfter);
  }

  #pauseTooLong(pauseMs: number): CallError {
    const until = toTimestamp(this.#clock.wallMs() + pauseMs);
    return new CallError(
      'held-back',
      `The call was not made: Telegram asked for a pause until ${until}, and the bot waits for ${this.#maxPauseMs / 1_000} s at most (retry.rateLimit.maxRetryAfter).`,
      { mayHaveHappened: false, retryAfterMs: pauseMs },
    );
  }
}

function unused({ requestsPerSecond, burst }: Limits): Used {
  return {
    window: new SlidingWindow(requestsPerSecond, WINDOW_MS),
    pace: new Pace(1_000 / requestsPerSecond, burst),
    chats: new Chats(),
  };
}
