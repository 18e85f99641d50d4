import type { RestartSettings } from '../../api/restart.ts';
import type { BotState } from './lifecycle.ts';

/** Who ran for so long does not count as crashing again and again. */
const STEADY_MS = 600_000;

/** How often in a row a bot has crashed, and what follows from that. */
export class CrashRecord {
  #crashes = 0;

  /** What comes after a crash at the end of a run of `ranMs`. */
  next(
    { maxRestarts, cooldownSeconds }: RestartSettings,
    ranMs: number,
  ): Extract<BotState, { readonly kind: 'Restarting' | 'Crashed' }> {
    if (ranMs >= STEADY_MS) this.#crashes = 0;
    const crashes = ++this.#crashes;
    return crashes > maxRestarts
      ? { kind: 'Crashed', crashes }
      : { kind: 'Restarting', crashes, cooldownMs: cooldownSeconds * 1_000 };
  }

  /** A new beginning: what was does not count. */
  clear(): void {
    this.#crashes = 0;
  }
}
