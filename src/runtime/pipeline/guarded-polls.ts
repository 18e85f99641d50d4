import type { Update } from 'grammy/types';
import type { Random } from '../../lib/random.ts';
import { CallError } from '../telegram/call-error.ts';
import type { DirectCaller, GetUpdates } from '../telegram/direct-caller.ts';
import { heldBackMs } from './held-back.ts';
import { makeBare } from './pipeline.ts';
import type { Guarded } from './step.ts';

/** Bots that wait for the same breaker come back spread over so long. */
const SPREAD_MS = 1_000;

/** Where the limits of the fleet are tight, a bot that waits for its turn does not hang. */
const FLEET_PATIENCE_MS = 24 * 3_600_000;

/** What {@link GuardedPolls} work with. */
export interface PollContext extends Guarded {
  readonly random: Random;
  readonly caller: Pick<DirectCaller, 'getUpdates'>;
}

/** Who has to know that a bot is alive. */
export interface Listener {
  /** It may be silent for so long now. */
  beat(quietMs: number): void;
}

/**
 * The polls of one bot, past grammY and its pipeline, behind the same guards. Where a breaker is
 * open a poll waits for its turn without a request; one that is a probe is not held by Telegram,
 * so that it tells at once.
 */
export class GuardedPolls {
  readonly #context: PollContext;
  /** Told when a poll has to wait for its turn, for about how long. */
  readonly #listener: Listener;
  #lettingThrough = false;
  /** Ends the wait for a turn. */
  #wake: (() => void) | undefined;

  constructor(context: PollContext, listener: Listener) {
    this.#context = context;
    this.#listener = listener;
  }

  /** As {@link DirectCaller.getUpdates}, when its turn has come. */
  getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    const { caller } = this.#context;
    if (this.#lettingThrough) {
      const call = {
        context: this.#context,
        method: 'getUpdates',
        priority: 'reply',
        signal,
      } as const;
      return makeBare('lastPoll', call, () => caller.getUpdates(parameters, signal));
    }
    // No `async` function, of which every idle bot would hold one more.
    if (this.#heldMs() === 0) return this.#poll(parameters, signal);
    return this.#turn(signal).then(() => this.#poll(parameters, signal));
  }

  /** No breaker is asked from now on: the last call confirms what was handled. */
  letThrough(): void {
    this.#lettingThrough = true;
  }

  /** Breakers may have changed: a poll that waits for its turn asks again at once. */
  wake(): void {
    this.#wake?.();
  }

  #poll(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    const { caller } = this.#context;
    this.#listener.beat(FLEET_PATIENCE_MS);
    const call = {
      context: this.#context,
      method: 'getUpdates',
      priority: 'poll',
      signal,
    } as const;
    return makeBare('poll', call, () => {
      this.#listener.beat(0);
      return caller.getUpdates(
        this.#isProbe() ? { ...parameters, timeout: 0 } : parameters,
        signal,
      );
    });
  }

  #isProbe(): boolean {
    const { bot, shard } = this.#context;
    return bot.breaker.state !== 'Closed' || shard.upstream.state !== 'Closed';
  }

  /** A pause that Telegram asked for before a restart holds, too. */
  #heldMs(): number {
    return Math.max(heldBackMs(this.#context), this.#context.bot.rates.pausedMs('getUpdates'));
  }

  /** Resolves when nothing holds the poll back. Rejects on abort. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { random } = this.#context;
    for (;;) {
      const heldMs = this.#heldMs();
      if (heldMs === 0) return;
      const waitMs = heldMs + random() * SPREAD_MS;
      this.#listener.beat(waitMs);
      await this.#pause(waitMs, signal);
      if (signal.aborted) throw brokenOff();
    }
  }

  /** Resolves in `delayMs`, at {@link wake}, or on abort. */
  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      const timer = this.#context.clock.setTimer(delayMs, done);
      signal.addEventListener('abort', done);
      this.#wake = done;
      if (signal.aborted) done();
    });
  }
}

function brokenOff(): CallError {
  return new CallError('aborted', 'The poll was called off while it waited for its turn.', {
    mayHaveHappened: false,
  });
}
