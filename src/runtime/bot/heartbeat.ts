import type { Clock } from '../../lib/clock.ts';
import { TenantBotError } from '../../lib/errors.ts';
import type { Sweep, SweepTask } from '../sweep.ts';

/** What a {@link Heartbeat} works with. */
export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly sweep: Sweep;
  /** All that are watched at present; each adds and removes itself. */
  readonly watched: Set<Heartbeat>;
  /** How long the intake may be silent. Read anew with each look. */
  readonly limitMs: () => number;
  /** Told once a watch, when the intake was silent for too long. */
  readonly onHung: (error: TenantBotError) => void;
}

/** A shorter limit is in effect after so long at the latest. */
const LOOK_EVERY_MS = 60_000;

/**
 * Whether a bot's intake of updates is alive: that something was heard of it lately. A poll that
 * was answered with nothing says so, and so does one that failed, since trouble with Telegram has
 * names of its own; that no message came says nothing.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #quietUntilMs = 0;
  #task: SweepTask | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Something was heard. The intake may now rest for `quietMs` before it has to be heard again. */
  beat(quietMs = 0): void {
    this.#quietUntilMs = this.#options.clock.monotonicMs() + quietMs;
  }

  /** How long the intake has been silent without having said that it would be. */
  get silentMs(): number {
    return Math.max(0, this.#options.clock.monotonicMs() - this.#quietUntilMs);
  }

  /** Whether it has been silent for too long. */
  get isOverdue(): boolean {
    return this.silentMs >= this.#options.limitMs();
  }

  /** Watches from now on, as if something had just been heard. */
  watch(): void {
    this.beat();
    this.#options.watched.add(this);
    this.#task = this.#options.sweep.add(this.#nextLookMs(), () => this.#look());
  }

  unwatch(): void {
    this.#options.watched.delete(this);
    this.#task?.cancel();
  }

  #look(): number | undefined {
    if (!this.isOverdue) return this.#nextLookMs();
    const seconds = Math.round(this.silentMs / 1_000);
    this.#options.onHung(
      new TenantBotError(
        'internal',
        'BOT_HUNG',
        `Nothing was heard of the intake of updates for ${seconds} s (spec.restart.heartbeatSeconds): it hangs, and the bot is started again.`,
      ),
    );
    return undefined;
  }

  #nextLookMs(): number {
    return Math.min(this.#options.limitMs() - this.silentMs, LOOK_EVERY_MS);
  }
}
