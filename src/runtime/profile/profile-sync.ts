import { isDeepStrictEqual } from 'node:util';
import type { Api } from 'grammy';
import type { Profile } from '../../api/profile.ts';
import type { Aspect } from '../../api/runtime-facts.ts';
import { type BackoffPolicy, equalJitterMs } from '../../lib/backoff.ts';
import { type Clock, toTimestamp } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Sweep, SweepTask } from '../sweep.ts';
import { type CallError, classifyThrown } from '../telegram/call-error.ts';
import { type ProfileItem, profileItems } from './profile-items.ts';

export interface ProfileSyncOptions {
  /** Calls of no hurry. */
  readonly api: Api;
  readonly clock: Clock;
  readonly random: Random;
  readonly sweep: Sweep;
  readonly log: Log;
  /** Hears how the profile does; undefined where none is wanted. */
  readonly tell: (aspect: Aspect | undefined) => void;
}

const DAY_MS = 86_400_000;
const TRY_AGAIN: BackoffPolicy = { initialMs: 60_000, maxMs: 3_600_000 };

const IN_STEP: Aspect = {
  ok: true,
  reason: 'Synced',
  message: 'What Telegram shows of the bot is what spec.profile says.',
};

const SYNCING: Aspect = {
  ok: false,
  reason: 'Syncing',
  message: 'spec.profile has changed, and Telegram is being told.',
};

/** How a pass over the profile ended, and when the next is due. */
interface Pass {
  readonly aspect: Aspect;
  readonly nextMs: number;
}

/**
 * Keeps a bot's profile at Telegram in step with its spec: looks when it starts, when the spec
 * changes and about once a day, and sets only what differs, since Telegram counts changes (a name
 * can be changed a few times a day). One item that is refused keeps no other from being set.
 */
export class ProfileSync {
  readonly #options: ProfileSyncOptions;
  #wanted: Profile | undefined;
  #failures = 0;
  #task: SweepTask | undefined;
  #stop: AbortController | undefined;

  constructor(options: ProfileSyncOptions) {
    this.#options = options;
  }

  /** Wants `profile` from now on. The same again changes nothing. */
  apply(profile: Profile | undefined): void {
    const before = this.#wanted;
    if (isDeepStrictEqual(profile, before)) return;
    this.#wanted = profile;
    this.close();
    // What was in step until now is not; when the bot starts, what is known holds until it is known better.
    if (before || !profile) this.#options.tell(profile && SYNCING);
    if (profile) void this.#look(profileItems(profile));
  }

  /** Looks after nothing any more. */
  close(): void {
    this.#stop?.abort();
    this.#task?.cancel();
    this.#failures = 0;
  }

  async #look(items: readonly ProfileItem[]): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    const { aspect, nextMs } = await this.#pass(items, stop.signal);
    if (stop.signal.aborted) return;
    this.#options.tell(aspect);
    this.#task = this.#options.sweep.add(nextMs, () => void this.#look(items));
  }

  /** Never rejects. */
  async #pass(items: readonly ProfileItem[], signal: AbortSignal): Promise<Pass> {
    const { api, log } = this.#options;
    let trouble: Pass | undefined;
    for (const item of items) {
      try {
        if (await item.isInPlace(api, signal)) continue;
        await item.put(api, signal);
        log.info(`profile: ${item.label} set`);
      } catch (error) {
        const pass = this.#explain(item, classifyThrown(error));
        log.warn(`profile: ${pass.aspect.message}`);
        trouble = soonerOf(trouble, pass);
        if (pass.aspect.reason === 'NotReached') break;
      }
    }
    if (!trouble) this.#failures = 0;
    return trouble ?? { aspect: IN_STEP, nextMs: DAY_MS };
  }

  #explain({ label }: ProfileItem, error: CallError): Pass {
    const { clock, random } = this.#options;
    if (error.fault === 'rejected') {
      const message = `The ${label} was not taken. ${error.message} Change it in spec.profile.`;
      return { aspect: { ok: false, reason: 'Refused', message }, nextMs: DAY_MS };
    }
    if (error.retryAfterMs !== undefined && error.fault !== 'breaker-open') {
      const nextMs = Math.max(error.retryAfterMs, TRY_AGAIN.initialMs);
      const when = toTimestamp(clock.wallMs() + nextMs);
      const message = `Telegram lets bots change their profile only so often: the ${label} is set after ${when}.`;
      return { aspect: { ok: false, reason: 'RateLimited', message }, nextMs };
    }
    const message = `The ${label} could not be looked at or set, and is tried again. ${error.message}`;
    const nextMs = equalJitterMs(TRY_AGAIN, this.#failures++, random);
    return { aspect: { ok: false, reason: 'NotReached', message }, nextMs };
  }
}

function soonerOf(one: Pass | undefined, other: Pass): Pass {
  return one && one.nextMs <= other.nextMs ? one : other;
}
