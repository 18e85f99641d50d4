import type { Clock, Timer } from '../lib/clock.ts';
import { type ApiError, conflict } from './api-error.ts';
import type { Queued, UpdateQueue } from './update-queue.ts';

/** A getUpdates call, its parameters already within their bounds. */
export interface PollRequest {
  readonly offset: number;
  readonly limit: number;
  readonly timeoutMs: number;
}

/** How a poll ends: with updates (perhaps none), or with an error. */
export type PollResult<Item> = readonly Queued<Item>[] | ApiError;

/** The same offset asked again within this long is held back… */
const SAME_OFFSET_MS = 3_000;
/** …and within this long gets one update at a time. */
const SAME_OFFSET_SINGLE_MS = 500;
/** Conflict answers are told at most once in this time; further ones wait this long. */
const CONFLICT_PAUSE_MS = 3_000;
/** A held poll waits this long after an update, for more of them to come along… */
const GATHER_MS = 1;
/** …but no longer than this after the first. */
const GATHER_AT_MOST_MS = 2;

interface HeldPoll<Item> {
  readonly offset: number;
  readonly limit: number;
  readonly answer: (result: PollResult<Item>) => void;
  deadlineMs: number;
  woken: boolean;
  timer: Timer;
}

/**
 * The one place where a bot's getUpdates calls meet: at most one is held, a newer one that has to
 * wait ends the older one with 409, and callers that spin on one offset are slowed down. Follows
 * the published server (`Client.cpp`: `process_get_updates_query`, `do_get_updates`,
 * `fail_query_conflict`). `onHeld` hears of every poll that is not answered at once.
 */
export class PollGate<Item> {
  readonly #clock: Clock;
  readonly #queue: UpdateQueue<Item>;
  readonly #onHeld: () => void;
  #held: HeldPoll<Item> | undefined;
  #lastOffset: number | undefined;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #nextConflictMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, queue: UpdateQueue<Item>, onHeld: () => void) {
    this.#clock = clock;
    this.#queue = queue;
    this.#onHeld = onHeld;
  }

  /** Whether a poll is being held. */
  get open(): boolean {
    return this.#held !== undefined;
  }

  /** Answers now, or holds the poll until an update comes, it is ended, or its time is up. */
  request(request: PollRequest, answer: (result: PollResult<Item>) => void): void {
    const nowMs = this.#clock.monotonicMs();
    const sinceLastMs =
      request.offset === this.#lastOffset ? nowMs - this.#lastStartMs : Number.POSITIVE_INFINITY;
    this.#lastOffset = request.offset;
    this.#lastStartMs = nowMs;
    this.#serve(
      {
        offset: request.offset,
        limit: sinceLastMs < SAME_OFFSET_SINGLE_MS ? 1 : request.limit,
        timeoutMs:
          sinceLastMs < SAME_OFFSET_MS
            ? Math.max(request.timeoutMs, SAME_OFFSET_MS)
            : request.timeoutMs,
      },
      answer,
    );
  }

  /** Tells the held poll that an update came. */
  wake(): void {
    const held = this.#held;
    if (!held) return;
    const nowMs = this.#clock.monotonicMs();
    if (!held.woken) {
      held.woken = true;
      held.deadlineMs = Math.min(held.deadlineMs, nowMs + GATHER_AT_MOST_MS);
    }
    this.#expireAt(held, Math.min(nowMs + GATHER_MS, held.deadlineMs));
  }

  /** Ends the held poll because a webhook is being set. */
  endForWebhook(): void {
    this.#abort('terminated by setWebhook request');
  }

  /** Answers the held poll at once with what there is: the bot is being shut down. */
  release(): void {
    const held = this.#unhold();
    if (held) this.#serve({ ...held, timeoutMs: 0 }, held.answer);
  }

  /** Answers with 409, at once or, when another got one just now, after a pause. */
  refuse(text: string, answer: (result: PollResult<Item>) => void): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#nextConflictMs) {
      this.#nextConflictMs = nowMs + CONFLICT_PAUSE_MS;
      answer(conflict(text));
    } else {
      this.#clock.setTimer(CONFLICT_PAUSE_MS, () => answer(conflict(text)));
    }
  }

  #serve(request: PollRequest, answer: (result: PollResult<Item>) => void): void {
    const { offset, limit } = request;
    const entries = this.#queue.take({ offset, limit, nowMs: this.#clock.monotonicMs() });
    if (entries.length > 0 || request.timeoutMs === 0) {
      answer(entries);
      return;
    }
    this.#abort(
      'terminated by other getUpdates request; make sure that only one bot instance is running',
    );
    this.#held = {
      // A negative offset has done its work; asked again it would drop what has come since.
      offset: Math.max(offset, 0),
      limit,
      answer,
      deadlineMs: this.#clock.monotonicMs() + request.timeoutMs,
      woken: false,
      timer: this.#clock.setTimer(request.timeoutMs, () => this.release()),
    };
    this.#onHeld();
  }

  #abort(text: string): void {
    const held = this.#unhold();
    if (held) this.refuse(text, held.answer);
  }

  #unhold(): HeldPoll<Item> | undefined {
    const held = this.#held;
    held?.timer.cancel();
    this.#held = undefined;
    return held;
  }

  #expireAt(held: HeldPoll<Item>, atMs: number): void {
    held.timer.cancel();
    held.timer = this.#clock.setTimer(atMs - this.#clock.monotonicMs(), () => this.release());
  }
}
