import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../../../lib/clock.ts';
import { CallError } from '../../telegram/call-error.ts';

/** What calls wait for: a limit of the bot, the chat or the fleet, or the end of a pause. */
export const WAITED_FOR = ['bot', 'chat', 'fleet', 'pause'] as const;
export type WaitedFor = (typeof WAITED_FOR)[number];

/** From what nobody notices to the longest that a call may take. */
const BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 30, 60];

/** The instruments of a registry. */
interface Metrics {
  readonly seconds: Histogram<'limit'>;
  readonly refused: Counter<'limit'>;
  readonly pauses: Counter<'of'>;
}

/** Counts the calls of a runtime that wait for their turn, those that get none, and pauses. */
export class RateWaits {
  readonly #clock: Clock;
  readonly #metrics: Metrics | undefined;
  readonly #waiting: Record<WaitedFor, number> = { bot: 0, chat: 0, fleet: 0, pause: 0 };

  constructor(clock: Clock, registry?: Registry) {
    this.#clock = clock;
    this.#metrics = registry && this.#register(registry);
  }

  /** `turn` itself, which somebody waits for until it settles. */
  async during<Turn>(limit: WaitedFor, turn: Promise<Turn>): Promise<Turn> {
    const begunMs = this.#clock.monotonicMs();
    this.#waiting[limit]++;
    try {
      const taken = await turn;
      this.#metrics?.seconds.observe({ limit }, (this.#clock.monotonicMs() - begunMs) / 1_000);
      return taken;
    } catch (error) {
      if (error instanceof CallError && error.fault === 'held-back') {
        this.#metrics?.refused.inc({ limit });
      }
      throw error;
    } finally {
      this.#waiting[limit]--;
    }
  }

  /** Telegram asked for a pause: of a whole bot, or of a part of its calls. */
  paused(isWide: boolean): void {
    this.#metrics?.pauses.inc({ of: isWide ? 'bot' : 'chat' });
  }

  #register(registry: Registry): Metrics {
    const registers = [registry];
    const of = { labelNames: ['limit'] as const, registers };
    const waiting = this.#waiting;
    // The registry keeps it.
    void new Gauge({
      ...of,
      name: 'tenantbot_rate_waiting',
      help: 'Calls to Telegram that wait for their turn now, by what they wait for',
      collect() {
        for (const limit of WAITED_FOR) this.set({ limit }, waiting[limit]);
      },
    });
    return {
      seconds: new Histogram({
        ...of,
        name: 'tenantbot_rate_wait_seconds',
        help: 'How long calls waited that had to, by what they waited for',
        buckets: BUCKETS_SECONDS,
      }),
      refused: new Counter({
        ...of,
        name: 'tenantbot_rate_refused_total',
        help: 'Calls that were not made, since their turn would have come too late',
      }),
      pauses: new Counter({
        name: 'tenantbot_pauses_total',
        help: 'Times that Telegram asked to slow down (429): in a chat or of a method, or a whole bot',
        labelNames: ['of'] as const,
        registers,
      }),
    };
  }
}
