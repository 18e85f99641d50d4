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
export interface GuardedPollsOptions extends Guarded {
  readonly random: Random;
  readonly caller: Pick<DirectCaller, 'getUpdates'>;
  /** Once it aborts, no breaker is asked: the last call confirms what was handled. */
  readonly stopping: AbortSignal;
  /** A poll has to wait for its turn, for about so long. */
  readonly onHeld: (forMs: number) => void;
}

/**
 * The polls of one bot, past grammY and its pipeline, behind the same guards. Where a breaker is
 * open a poll waits for its turn without a request; one that is a probe is not held by Telegram,
 * so that it tells at once.
 */
export class GuardedPolls {
  readonly #options: GuardedPollsOptions;
  /** Ends the wait for a turn. */
  #wake: (() => void) | undefined;

  constructor(options: GuardedPollsOptions) {
    this.#options = options;
  }

  /** As {@link DirectCaller.getUpdates}, when its turn has come. */
  getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    const { caller, stopping } = this.#options;
    if (stopping.aborted) {
      const call = {
        context: this.#options,
        method: 'getUpdates',
        priority: 'reply',
        signal,
      } as const;
      return makeBare('lastPoll', call, () => caller.getUpdates(parameters, signal));
    }
    // No `async` function, of which every idle bot would hold one more.
    if (heldBackMs(this.#options) === 0) return this.#poll(parameters, signal);
    return this.#turn(signal).then(() => this.#poll(parameters, signal));
  }

  /** Breakers may have changed: a poll that waits for its turn asks again at once. */
  wake(): void {
    this.#wake?.();
  }

  #poll(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    const { caller, bot, onHeld } = this.#options;
    onHeld(FLEET_PATIENCE_MS);
    const call = {
      context: this.#options,
      method: 'getUpdates',
      priority: 'poll',
      signal,
    } as const;
    const polling = makeBare('poll', call, () => {
      onHeld(0);
      return caller.getUpdates(
        this.#isProbe() ? { ...parameters, timeout: 0 } : parameters,
        signal,
      );
    });
    return polling.then((updates) => {
      if (updates.length === 0) bot.rates.tidy();
      return updates;
    });
  }

  #isProbe(): boolean {
    const { bot, shard } = this.#options;
    return bot.breaker.state !== 'Closed' || shard.upstream.state !== 'Closed';
  }

  /** Resolves when no breaker holds the poll back. Rejects on abort. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { random, onHeld } = this.#options;
    for (;;) {
      const heldMs = heldBackMs(this.#options);
      if (heldMs === 0) return;
      const waitMs = heldMs + random() * SPREAD_MS;
      onHeld(waitMs);
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
      const timer = this.#options.clock.setTimer(delayMs, done);
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
