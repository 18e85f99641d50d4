import { Counter, Histogram, Registry } from 'prom-client';
import type { VerificationOutcome } from '../../api/history-records.ts';
import type { CallError } from '../telegram/call-error.ts';
import type { BotHistory, EndedUpdate, HistoryBot } from './bot-history.ts';
import type { BotRef } from './bot-ref.ts';

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Tenants' services name the methods that they ask for: those beyond count as one. */
const MAX_METHODS = 100;
const OTHER_METHODS = 'other';

/**
 * Counts in a registry what all bots of a runtime do together, and hands everything on to who
 * writes it down. Of bounded size, whatever bots and methods there are.
 */
export class TrafficMetrics implements BotHistory {
  readonly #behind: BotHistory;
  readonly #methods = new Set<string>();
  readonly #updates: Counter<'outcome'>;
  readonly #updateSeconds: Histogram;
  /** Whether the registry can tell of single updates among those that it counts. */
  readonly #hasExemplars: boolean;
  readonly #calls: Counter<'method' | 'result'>;
  readonly #callSeconds: Histogram;
  readonly #errors: Counter;

  constructor(registry: Registry, behind: BotHistory) {
    this.#behind = behind;
    const contentType: string = registry.contentType;
    this.#hasExemplars = contentType === Registry.OPENMETRICS_CONTENT_TYPE;
    const registers = [registry];
    this.#updates = new Counter({
      name: 'tenantbot_updates_total',
      help: 'Updates that have ended: handled, failed for good, or skipped since no handler fits',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of ['handled', 'failed', 'skipped']) this.#updates.inc({ outcome }, 0);
    this.#updateSeconds = new Histogram({
      name: 'tenantbot_update_duration_seconds',
      help: 'How long updates took from when they came until they ended, waits and tries included',
      buckets: BUCKETS_SECONDS,
      enableExemplars: this.#hasExemplars,
      registers,
    });
    this.#calls = new Counter({
      name: 'tenantbot_calls_total',
      help: 'Tries at calls to Telegram, polls excepted: ok, or what went wrong',
      labelNames: ['method', 'result'],
      registers,
    });
    this.#callSeconds = new Histogram({
      name: 'tenantbot_call_duration_seconds',
      help: 'How long tries at calls to Telegram took, polls excepted',
      buckets: BUCKETS_SECONDS,
      registers,
    });
    this.#errors = new Counter({
      name: 'tenantbot_errors_total',
      help: 'What went wrong in bots and counts as an error of theirs',
      registers,
    });
  }

  called(bot: BotRef, method: string, failure: CallError | undefined, tookMs: number): void {
    const isKnown = this.#methods.has(method) || this.#methods.size < MAX_METHODS;
    if (isKnown) this.#methods.add(method);
    const result = failure?.fault ?? 'ok';
    this.#calls.inc({ method: isKnown ? method : OTHER_METHODS, result });
    this.#callSeconds.observe(tookMs / 1_000);
    this.#behind.called(bot, method, failure, tookMs);
  }

  updated(bot: BotRef, ended: EndedUpdate): void {
    this.#updates.inc({ outcome: ended.outcome });
    this.#observe(ended);
    this.#behind.updated(bot, ended);
  }

  #observe({ tookMs, span }: EndedUpdate): void {
    const value = tookMs / 1_000;
    if (!this.#hasExemplars) this.#updateSeconds.observe(value);
    else this.#updateSeconds.observe({ labels: {}, value, exemplarLabels: span?.ids ?? {} });
  }

  failed(bot: BotRef, error: unknown): void {
    this.#errors.inc();
    this.#behind.failed(bot, error);
  }

  persist(bot: HistoryBot): void {
    this.#behind.persist(bot);
  }

  verified(bot: BotRef, outcome: VerificationOutcome, userId: number): void {
    this.#behind.verified(bot, outcome, userId);
  }
}
