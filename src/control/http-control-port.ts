import { sameButForTraffic } from '../api/bot-status.ts';
import type { RetryBook, RetryCount } from '../api/retry-counts.ts';
import { NOTHING_DONE } from '../api/runtime-facts.ts';
import { type BackoffPolicy, equalJitterMs } from '../lib/backoff.ts';
import { type Clock, sleep, type Timer, toTimestamp } from '../lib/clock.ts';
import { News } from '../lib/news.ts';
import type { Random } from '../lib/random.ts';
import { Contact } from './contact.ts';
import type { ControlLog } from './control-log.ts';
import { type LeaderAddress, LeaderLink, type LinkOutcome, wordsOf } from './leader-link.ts';
import {
  MAX_REPORTS,
  type Mark,
  PROTOCOL,
  SYNC_PATH,
  type SyncAnswer,
  type SyncRequest,
  syncAnswerSchema,
} from './messages.ts';
import type { BotReport, ControlPort, EndedBot, GrantHolder, ShardAssignment } from './port.ts';
import { ReportBuffer } from './report-buffer.ts';
import { ShardMirror, type Unreadable } from './shard-mirror.ts';

/** How a request to the leader can end. */
export const SYNC_RESULTS = ['ok', 'unreachable', 'not_leader', 'refused', 'superseded'] as const;
export type SyncResult = (typeof SYNC_RESULTS)[number];

export interface HttpControlPortOptions extends LeaderAddress {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ControlLog;
  /** A random text, new for each start of the process. */
  readonly session: string;
  /** The retries of the session so far, for the leader to know; it is told none unless given. */
  readonly retries?: Pick<RetryBook, 'snapshot'>;
  /** Hears how each request ended. */
  readonly onSync?: (result: SyncResult) => void;
}

/** How long a transition waits for others, so that they travel together. */
const COALESCE_MS = 100;
/** Between two requests, whatever the leader answers. */
const PAUSE_MS = 20;
/** The next try may well meet the next leader. */
const RETRY: BackoffPolicy = { initialMs: 100, maxMs: 2_000 };
/** Only somebody's work changes what was refused. */
const RETRY_REFUSED: BackoffPolicy = { initialMs: 500, maxMs: 15_000 };

type SyncOutcome = LinkOutcome<SyncAnswer>;

/** What it said may be true no more. */
const TOO_LATE: SyncOutcome = { kind: 'unreachable', message: 'the answer came too late' };

/** What went along with a request, to be settled when it is answered. */
interface Sent {
  readonly atMs: number;
  readonly asked: Mark | undefined;
  readonly hostingVersion: number;
  readonly reports: readonly BotReport[];
  readonly retries: readonly RetryCount[] | undefined;
}

/**
 * The control channel over the network. Asks the leader for changes without end, and tells it what
 * the runtime reports. With no leader to be had nothing changes: the runtime goes on with what it
 * was told last, and the last report of each bot is kept until a leader has it.
 *
 * A request is held by the leader until there is news. A transition that is reported meanwhile goes
 * along with another request, which makes the leader answer the first: so there are two at most.
 */
export class HttpControlPort implements ControlPort {
  readonly #options: HttpControlPortOptions;
  readonly #link: LeaderLink;
  readonly #contact: Contact;
  readonly #mirror = new ShardMirror();
  readonly #reports = new ReportBuffer();
  readonly #news = new News();
  readonly #acknowledged = new News();
  #holder: GrantHolder | undefined;
  #urgent = Promise.withResolvers<undefined>();
  #coalescing: Timer | undefined;
  #seq = 0;
  #version = 0;
  #acknowledgedHosting = -1;
  #acknowledgedRetries = 0;
  #failures = 0;
  #last: SyncResult | undefined;
  #lastContactMs: number | undefined;
  #ready = false;

  constructor(options: HttpControlPortOptions) {
    this.#options = options;
    this.#link = new LeaderLink(options);
    this.#contact = new Contact(options.clock);
  }

  /** Whether a leader that had read everything has handed out everything since the start. */
  get ready(): boolean {
    return this.#ready;
  }

  /** When a leader last answered, by the monotonic clock. */
  get lastContactMs(): number | undefined {
    return this.#lastContactMs;
  }

  /** How many reports gave way to newer ones of the same bot before a leader had them. */
  get replacedReports(): number {
    return this.#reports.replaced;
  }

  report(report: BotReport): void {
    const before = this.#reports.put(report);
    const canWait = before?.epoch === report.epoch && sameButForTraffic(before.facts, report.facts);
    if (!canWait) this.#hurry();
  }

  ended(bot: EndedBot): void {
    this.#mirror.end(bot);
    this.#hurry();
  }

  inContact(): boolean {
    return this.#mirror.complete && this.#contact.holds;
  }

  yield(uid: string): void {
    this.#mirror.yield(uid);
    this.#changed();
    this.#hurry();
  }

  connect(holder: GrantHolder): void {
    this.#holder = holder;
    holder.onHurry(() => this.#hurry());
  }

  async *assignments(signal: AbortSignal): AsyncGenerator<ShardAssignment> {
    let told = 0;
    try {
      while (!signal.aborted) {
        const assignment = told === this.#version ? undefined : this.#mirror.handOut();
        told = this.#version;
        if (assignment) yield assignment;
        else await this.#news.next(signal);
      }
    } finally {
      this.#mirror.close();
    }
  }

  /** Resolves when a leader has all that there is to tell, or `signal` aborts. */
  async flush(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isTold()) await this.#acknowledged.next(signal);
  }

  /** Stays in contact with the leader until `signal` aborts, then closes all connections. */
  async start(signal: AbortSignal): Promise<void> {
    let before: Promise<unknown> | undefined;
    try {
      while (!signal.aborted) {
        const current = this.#sync(signal);
        // Was answered when the leader got the present one.
        await before;
        before = current;
        const result = await Promise.race([current, this.#urgent.promise]);
        await this.#pause(result, signal);
      }
      await before;
    } finally {
      this.#coalescing?.cancel();
      await this.#link.close();
    }
  }

  async #sync(signal: AbortSignal): Promise<SyncResult> {
    this.#coalescing?.cancel();
    this.#coalescing = undefined;
    this.#urgent = Promise.withResolvers();
    const sent: Sent = {
      atMs: this.#options.clock.monotonicMs(),
      asked: this.#mirror.mark,
      hostingVersion: this.#mirror.hostingVersion,
      reports: this.#reports.take(MAX_REPORTS),
      retries: this.#untoldRetries(),
    };
    const request = { path: SYNC_PATH, body: this.#compose(sent) };
    const answered = await this.#link.post(request, syncAnswerSchema, signal);
    if (signal.aborted) return 'ok';
    const outcome = this.#contact.isTimely(sent.atMs) ? answered : TOO_LATE;
    if (outcome.kind === 'answer') {
      const { grant } = outcome.answer;
      if (grant) this.#holder?.grant(grant, sent.atMs);
      this.#take(outcome.answer, sent);
    }
    const result = resultOf(outcome);
    if (result === 'superseded') this.#letGo();
    if (isFinal(result)) this.#contact.refused();
    this.#note(result, outcome);
    return result;
  }

  #compose({ asked, hostingVersion, reports, retries }: Sent): SyncRequest {
    const demand = this.#holder?.demand();
    return {
      protocol: PROTOCOL,
      session: this.#options.session,
      seq: ++this.#seq,
      at: Math.round(this.#options.clock.wallMs()),
      ...(asked && { have: asked }),
      ...(hostingVersion > this.#acknowledgedHosting && {
        hosting: this.#mirror.hosting(),
        ended: this.#mirror.ended(),
      }),
      reports: [...reports],
      ...(demand && { demand }),
      ...(retries && { retries: [...retries] }),
    };
  }

  #untoldRetries(): readonly RetryCount[] | undefined {
    const retries = this.#options.retries?.snapshot().retries ?? [];
    return sumOf(retries) > this.#acknowledgedRetries ? retries : undefined;
  }

  #take(answer: SyncAnswer, sent: Sent): void {
    const before = this.#mirror.mark?.instance;
    const { unreadable } = this.#mirror.apply(answer, sent.asked, this.#options.clock.wallMs());
    const present = this.#mirror.mark?.instance;
    // It may have heard of another start of this pod in between.
    if (answer.wantHosting) this.#acknowledgedHosting = -1;
    if (present !== before) {
      // Another leader knows nothing of what the one before was told.
      this.#acknowledgedHosting = -1;
      this.#acknowledgedRetries = 0;
      this.#reports.resendAll();
    }
    if (answer.instance === present) this.#contact.heard(sent.atMs);
    if (answer.instance === present && !answer.wantHosting) this.#acknowledge(sent);
    for (const bot of unreadable) this.#tellUnreadable(bot);
    this.#ready ||= this.#mirror.complete;
    if (answer.share || answer.upserts.length + answer.removals.length > 0) this.#changed();
  }

  #acknowledge({ hostingVersion, retries, reports }: Sent): void {
    this.#acknowledgedHosting = Math.max(this.#acknowledgedHosting, hostingVersion);
    if (retries) this.#acknowledgedRetries = sumOf(retries);
    this.#reports.acknowledge(reports, (uid) => this.#mirror.has(uid));
    this.#acknowledged.tell();
  }

  /** Somebody else hosts the shard. */
  #letGo(): void {
    this.#holder?.end();
    this.#mirror.supersede();
    this.#changed();
  }

  #isTold(): boolean {
    const { hostingVersion } = this.#mirror;
    return this.#acknowledgedHosting >= hostingVersion && this.#reports.pending === 0;
  }

  #changed(): void {
    this.#version++;
    this.#news.tell();
  }

  #tellUnreadable({ uid, key, epoch, generation, message }: Unreadable): void {
    const words = `generation ${generation} is not understood by this runtime, which may be older than the operator: ${message}`;
    this.#options.log.warn(`${key}: ${words}`);
    if (this.#mirror.has(uid)) return;
    const time = toTimestamp(this.#options.clock.wallMs());
    const lastError = { time, fingerprint: 'spec-not-understood', message: words.slice(0, 1024) };
    this.report({ uid, epoch, facts: { ...NOT_STARTED, generation, lastError } });
  }

  #note(result: SyncResult, outcome: SyncOutcome): void {
    const { log, clock, onSync } = this.#options;
    onSync?.(result);
    if (result === 'ok') this.#lastContactMs = clock.monotonicMs();
    if (result === this.#last) return;
    this.#last = result;
    if (result === 'ok') log.info(`in contact with leader ${this.#mirror.mark?.instance ?? ''}`);
    else log.warn(`no contact with a leader, bots go on: ${wordsOf(outcome)}`);
  }

  /** Waits before the next request; `result` is undefined while this one is still held. */
  async #pause(result: SyncResult | undefined, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const hasFailed = result !== undefined && result !== 'ok';
    if (hasFailed) this.#failures++;
    else if (result === 'ok') this.#failures = 0;
    const policy = isFinal(result) ? RETRY_REFUSED : RETRY;
    const delayMs = hasFailed ? equalJitterMs(policy, this.#failures - 1, random) : PAUSE_MS;
    await sleep(clock, delayMs, signal).catch(() => undefined);
  }

  #hurry(): void {
    this.#coalescing ??= this.#options.clock.setTimer(COALESCE_MS, () =>
      this.#urgent.resolve(undefined),
    );
  }
}

const NOT_STARTED = {
  lifecycle: 'Crashed',
  token: { state: 'UnknownError', message: 'The bot was not started, so its token was not tried.' },
  ...NOTHING_DONE,
} as const;

function resultOf(outcome: SyncOutcome): SyncResult {
  if (outcome.kind !== 'problem') return outcome.kind === 'answer' ? 'ok' : 'unreachable';
  switch (outcome.problem.code) {
    case 'NOT_LEADER':
    case 'TOKEN_UNCHECKED':
      return 'not_leader';
    case 'SUPERSEDED':
      return 'superseded';
    case 'STALE':
      return 'ok';
    default:
      return 'refused';
  }
}

/** Whether asking again changes nothing by itself. */
function isFinal(result: SyncResult | undefined): boolean {
  return result === 'refused' || result === 'superseded';
}

/** It only ever grows. */
function sumOf(retries: readonly RetryCount[]): number {
  return retries.reduce((sum, { count }) => sum + count, 0);
}
