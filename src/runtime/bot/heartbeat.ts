import type { Clock } from '../../lib/clock.ts';
import { TenantBotError } from '../../lib/errors.ts';
import type { ErrorBoundary, ErrorOwner } from './boundary.ts';

/** What the heartbeats of all bots share. */
export interface HeartbeatDeps {
  readonly clock: Clock;
  readonly boundary: ErrorBoundary;
  readonly heartbeats: Watch;
}

/** Looks at heartbeats from time to time. */
interface Watch {
  add(heartbeat: Heartbeat): void;
  delete(heartbeat: Heartbeat): void;
}

/** Whose heartbeat it is. It fails once a watch, when the intake was silent for too long. */
export interface HeartbeatHost extends ErrorOwner {
  /** How long the intake may be silent. Read anew with each look. */
  readonly heartbeatMs: number;
  /** A look found it alive: about once a minute, for what else is to be done from time to time. */
  onLook(): void;
}

/**
 * Whether a bot's intake of updates is alive: that something was heard of it lately. A poll that
 * was answered with nothing says so, and so does one that failed, since trouble with Telegram has
 * names of its own; that no message came says nothing.
 */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  readonly #host: HeartbeatHost;
  #quietUntilMs = 0;
  #isTold = false;

  constructor(deps: HeartbeatDeps, host: HeartbeatHost) {
    this.#deps = deps;
    this.#host = host;
  }

  /** Something was heard. The intake may now rest for `quietMs` before it has to be heard again. */
  beat(quietMs = 0): void {
    this.#quietUntilMs = this.#deps.clock.monotonicMs() + quietMs;
  }

  /** How long the intake has been silent without having said that it would be. */
  get silentMs(): number {
    return Math.max(0, this.#deps.clock.monotonicMs() - this.#quietUntilMs);
  }

  /** Whether it has been silent for too long. */
  get isOverdue(): boolean {
    return this.silentMs >= this.#host.heartbeatMs;
  }

  /** How long it may be silent yet. */
  get leftMs(): number {
    return this.#isTold ? Number.POSITIVE_INFINITY : this.#host.heartbeatMs - this.silentMs;
  }

  /** Watches from now on, as if something had just been heard. */
  watch(): void {
    this.beat();
    this.#isTold = false;
    this.#deps.heartbeats.add(this);
  }

  unwatch(): void {
    this.#deps.heartbeats.delete(this);
  }

  /** Of who watches. */
  look(): void {
    this.#deps.boundary.run(this.#host, () => {
      if (!this.isOverdue) this.#host.onLook();
      else if (!this.#isTold) this.#tell();
    });
  }

  #tell(): void {
    this.#isTold = true;
    const seconds = Math.round(this.silentMs / 1_000);
    this.#host.fail(
      new TenantBotError(
        'internal',
        'BOT_HUNG',
        `Nothing was heard of the intake of updates for ${seconds} s (spec.restart.heartbeatSeconds): it hangs, and the bot is started again.`,
      ),
    );
  }
}
