import type { BotAssignment } from '../../../../src/control/port.ts';
import type { Caller } from '../../../../src/control/shard-session.ts';
import type { Clock } from '../../../../src/lib/clock.ts';
import { Watermark } from '../../../../src/runtime/intake/watermark.ts';
import type { PollListener, Telegram } from './telegram.ts';

/** Chance, Telegram, and who judges what bots do. */
export interface BotWorld {
  readonly telegram: Telegram;
  readonly judge: BotJudge;
  chance(probability: number): boolean;
  upTo(most: number): number;
}

/** Who is told of what bots do. */
export interface BotJudge {
  polls(bot: ModelBot): void;
  given(bot: ModelBot, ids: readonly number[]): void;
  conflict(bot: ModelBot): void;
  handled(bot: ModelBot, id: number): void;
  excuse(bot: ModelBot): void;
}

/** The process that a bot runs in. */
export interface BotHost {
  readonly world: BotWorld;
  readonly caller: Caller;
  readonly clock: Clock;
  readonly alive: boolean;
  readonly telegramUp: boolean;
  readonly inContact: boolean;
  yield(uid: string): void;
  ended(bot: ModelBot): void;
}

/** One bot in a runtime: the real watermark, with a thin model of `Poller` and `Serving` around it. */
export class ModelBot implements PollListener {
  readonly process: BotHost;
  readonly assignment: BotAssignment;
  /** Runs here once this one has ended. */
  next: BotAssignment | undefined;
  /** Updates that it was given. */
  readonly given = new Set<number>();
  readonly #watermark = new Watermark();
  readonly #inHand: number[] = [];
  #polls = false;
  #nextPollMs = 0;
  #stopping: 'withdrawn' | 'ended' | 'yielded' | undefined;

  constructor(process: BotHost, assignment: BotAssignment, offset: number) {
    this.process = process;
    this.assignment = assignment;
    if (offset > 0) this.#watermark.skipTo(offset - 1);
  }

  get uid(): string {
    return this.assignment.uid;
  }

  get offset(): number {
    return this.#watermark.offset;
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  stop(reason: 'withdrawn' | 'ended' | 'yielded'): void {
    if (this.#stopping === reason || this.#stopping === 'yielded') return;
    this.#stopping ??= reason;
    this.process.world.telegram.hangUp(this.uid, this);
    this.#polls = false;
    if (reason !== 'yielded') return;
    // What is in hand is left to the newer owner.
    this.#stopping = reason;
    this.process.world.judge.excuse(this);
  }

  tick(): void {
    const { world, clock } = this.process;
    if (this.#stopping) {
      this.#leave();
      return;
    }
    if (this.#inHand.length > 0 && world.chance(0.7)) this.#handle();
    if (this.#polls || clock.monotonicMs() < this.#nextPollMs) return;
    if (this.#inHand.length > 0 && world.chance(0.7)) return;
    this.#poll(true);
  }

  onUpdates(ids: readonly number[]): void {
    this.#polls = false;
    if (!this.process.alive || !this.process.telegramUp) return;
    this.process.world.judge.given(this, ids);
    for (const id of ids) {
      this.given.add(id);
      if (this.#watermark.accept(id)) this.#inHand.push(id);
    }
  }

  onConflict(): void {
    const { process } = this;
    this.#polls = false;
    if (!process.alive || !process.telegramUp || this.#stopping) return;
    process.world.judge.conflict(this);
    if (!process.inContact) process.yield(this.uid);
    else this.#nextPollMs = process.clock.monotonicMs() + 2_500 + process.world.upTo(2_500);
  }

  #poll(hold: boolean): void {
    const { telegramUp, world, clock } = this.process;
    if (!telegramUp) {
      this.#nextPollMs = clock.monotonicMs() + 500;
      return;
    }
    world.judge.polls(this);
    this.#polls = true;
    const offset = this.#watermark.beginPoll();
    const outcome = world.telegram.poll(this.uid, this, { offset, hold });
    if (outcome.kind === 'updates') this.onUpdates(outcome.ids);
  }

  #handle(): void {
    const id = this.#inHand.shift();
    if (id === undefined) return;
    this.process.world.judge.handled(this, id);
    this.#watermark.finish(id);
  }

  /** Finishes what is in hand, or most of it, and confirms it, if the confirmation gets through. */
  #leave(): void {
    const { process } = this;
    const { world } = process;
    if (this.#stopping !== 'yielded') {
      if (this.#inHand.length > 0 && world.chance(0.9)) {
        this.#handle();
        return;
      }
      const confirms = this.offset > 0 && process.telegramUp && world.chance(0.7);
      if (confirms) {
        world.telegram.poll(this.uid, this, { offset: this.offset, hold: false });
      }
    }
    process.ended(this);
  }
}
