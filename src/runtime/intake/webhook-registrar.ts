import type { WebhookInfo } from 'grammy/types';
import { DEFAULT_UPDATE_KINDS, type UpdateKind } from '../../lib/update-kinds.ts';
import { CallError } from '../telegram/call-error.ts';
import type { IntakeDeps } from './intake.ts';
import type { SetWebhook, WebhookCalls } from './webhook-calls.ts';

/** Who sets a webhook that is not ours again and again is not fought. */
const REMOVE_PAUSE_MS = 60_000;

/** The webhook that a bot is to have. `drop_pending_updates` counts where it is set. */
export type WantedWebhook = SetWebhook;

/**
 * Keeps the webhook of one bot at Telegram as it is to be, asking before it changes anything. Lives as long as the bot is served, through changes of mode.
 */
export class WebhookRegistrar {
  readonly #calls: WebhookCalls;
  readonly #deps: Pick<IntakeDeps, 'clock' | 'inContact'>;
  #lastRemovedMs = Number.NEGATIVE_INFINITY;
  /** Whether the last change at Telegram, as far as we know, was ours. */
  #isOurs = false;
  /** The address that Telegram had from us last. */
  #url = '';

  constructor(deps: Pick<IntakeDeps, 'clock' | 'inContact'>, calls: WebhookCalls) {
    this.#deps = deps;
    this.#calls = calls;
  }

  /**
   * Sees to it that Telegram has the webhook that is `wanted`. Resolves to what Telegram said before,
   * and whether that was something else. Rejects with a CallError: as a conflict where it was ours,
   * is not any more, and may be a newer owner's.
   */
  async ensure(
    wanted: WantedWebhook,
    signal: AbortSignal,
  ): Promise<{ readonly info: WebhookInfo; readonly changed: boolean }> {
    const info = await this.#calls.getWebhookInfo(signal);
    if (!wanted.drop_pending_updates && isAsWanted(info, wanted)) {
      this.#isOurs = true;
      this.#url = info.url ?? '';
      return { info, changed: false };
    }
    if (this.#isOurs && info.url !== this.#url && !this.#deps.inContact()) throw takenOver();
    await this.#calls.setWebhook(wanted, signal);
    this.#isOurs = true;
    this.#url = wanted.url;
    return { info, changed: true };
  }

  /** Whether a webhook that is in the way may be removed: it is ours, or none was for a minute. */
  get mayRemove(): boolean {
    return this.#isOurs || this.#deps.clock.monotonicMs() - this.#lastRemovedMs >= REMOVE_PAUSE_MS;
  }

  /** Removes whatever webhook there is; what waits at Telegram stays. Rejects with a CallError. */
  async remove(signal: AbortSignal): Promise<void> {
    await this.#calls.deleteWebhook(signal);
    this.#isOurs = false;
    this.#lastRemovedMs = this.#deps.clock.monotonicMs();
  }
}

function takenOver(): CallError {
  return new CallError('conflict', 'The webhook of this bot was changed by somebody else.', {
    mayHaveHappened: false,
  });
}

function isAsWanted(info: WebhookInfo, wanted: WantedWebhook): boolean {
  return (
    info.url === wanted.url &&
    info.max_connections === wanted.max_connections &&
    !info.has_custom_certificate &&
    sameKinds(info.allowed_updates ?? DEFAULT_UPDATE_KINDS, wanted.allowed_updates)
  );
}

function sameKinds(is: readonly string[], wanted: readonly UpdateKind[]): boolean {
  return new Set(is).symmetricDifference(new Set<string>(wanted)).size === 0;
}
