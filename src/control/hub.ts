import { inOurTime } from '../api/cooldown.ts';
import type { Clock } from '../lib/clock.ts';
import type { Granter, HolderId } from './grants.ts';
import { type HostedBot, PROTOCOL, type SyncAnswer, type SyncRequest, toWire } from './messages.ts';
import type { BotAssignment, BotReport, EndedBot, FleetShare } from './port.ts';
import { RetryLedger } from './retry-ledger.ts';
import { type ShardId, shardName } from './shard-id.ts';
import { type Released, ShardLedger } from './shard-ledger.ts';
import { type Admission, type Caller, ShardSession } from './shard-session.ts';
import { Whereabouts } from './whereabouts.ts';

/** How long a request without news is held. */
const REFRESH_MS = 1_000;
/** How large the bots of one answer may be together; more follow at once. */
const ANSWER_BYTES = 8 << 20;
/**
 * Another pod of a shard is given no bots for so long after the one before was heard last, unless
 * that one has ended all of its own: by then it knows itself to be out of contact, should it live.
 */
const SUCCESSION_MS = 10_000;

export interface ShardHubOptions {
  readonly clock: Clock;
  /** Names this hub among all that ever were: a random text, new for each time of leading. */
  readonly instance: string;
  readonly refreshMs?: number;
  readonly answerBytes?: number;
  readonly successionMs?: number;
}

/** The runtime that speaks for a shard. */
export interface ShardContact {
  readonly pod: string;
  readonly podUid: string;
  /** When its last request came, by the monotonic clock. */
  readonly lastSeenMs: number;
  /** What it hosts by its own words; unknown until it has said so. */
  readonly hosting: readonly HostedBot[] | undefined;
}

/** How a request ended. */
export type SyncOutcome =
  | { readonly kind: 'answer'; readonly answer: SyncAnswer }
  | { readonly kind: Exclude<Admission, 'admitted'> };

interface Shard {
  readonly id: ShardId;
  readonly ledger: ShardLedger;
  readonly session: ShardSession;
  /** Reports of bots that this hub has not been told of yet, by uid. */
  readonly early: Map<string, BotReport>;
  /** How far its runtime was told, and how far it has confirmed to be. */
  toldRevision: number;
  seenRevision: number;
  /** Before that, its runtime is told nothing. */
  heldUntilMs: number;
  /** Ends the wait of the request that is held. */
  wake: () => void;
}

/**
 * The leader's end of the control channel, in memory: what each shard is to host, what the runtimes
 * say, and the requests that wait for news. One hub serves one time of leading.
 *
 * Until {@link ShardHub.complete} was called for a shard, its runtime is only told of more bots: a
 * new leader does not stop what it has not read yet.
 */
export class ShardHub {
  readonly instance: string;
  /** What all runtimes have told of their retries. */
  readonly retries: RetryLedger;
  readonly #clock: Clock;
  readonly #refreshMs: number;
  readonly #answerBytes: number;
  readonly #successionMs: number;
  readonly #shards = new Map<string, Shard>();
  readonly #fleets = new Map<string, FleetShare>();
  readonly #granters = new Map<string, Granter>();
  readonly #onReport = new Set<(shard: ShardId, report: BotReport) => void>();
  readonly #onEnded = new Set<(shard: ShardId, bot: EndedBot) => void>();
  readonly #onReleased = new Set<(shard: ShardId, bot: Released) => void>();
  readonly #onHosting = new Set<(shard: ShardId, hosting: readonly HostedBot[]) => void>();
  readonly #whereabouts = new Whereabouts();
  #closed = false;

  constructor(options: ShardHubOptions) {
    this.instance = options.instance;
    this.#clock = options.clock;
    this.retries = new RetryLedger(options.clock);
    this.#refreshMs = options.refreshMs ?? REFRESH_MS;
    this.#answerBytes = options.answerBytes ?? ANSWER_BYTES;
    this.#successionMs = options.successionMs ?? SUCCESSION_MS;
  }

  /** Hands the bot to the shard. The same again changes nothing. Undoes a withdrawal. */
  place(shard: ShardId, assignment: BotAssignment): void {
    this.#whereabouts.placed(shard, assignment.uid, assignment.epoch);
    this.#change(shard, ({ id, ledger, early }) => {
      ledger.place(assignment);
      const report = early.get(assignment.uid);
      early.delete(assignment.uid);
      if (report?.epoch === assignment.epoch) this.#tellReport(id, report);
    });
  }

  /**
   * Has the shard let go of the bot; `onReleased` tells when it has. Works for bots that this hub
   * never placed, too.
   */
  withdraw(shard: ShardId, uid: string): void {
    this.#change(shard, ({ ledger }) => ledger.withdraw(uid));
  }

  /** What every shard of the fleet is to know of it. */
  setFleet(fleet: string, share: FleetShare): void {
    this.#fleets.set(fleet, share);
    for (const { id } of this.#shards.values()) {
      if (id.fleet === fleet) this.#change(id, ({ ledger }) => ledger.setFleet(share));
    }
  }

  /** Who grants the fleet's shards what they ask for; nobody where undefined. */
  setGranter(fleet: string, granter: Granter | undefined): void {
    if (granter) this.#granters.set(fleet, granter);
    else this.#granters.delete(fleet);
  }

  /** Answers the request that is held for the shard, if any. */
  wake(shard: ShardId): void {
    this.#shards.get(shardName(shard))?.wake();
  }

  /** All bots of the shard have been placed: what it hosts beyond them is withdrawn from now on. */
  complete(shard: ShardId): void {
    this.#change(shard, ({ ledger, early }) => {
      ledger.finish();
      early.clear();
    });
  }

  /** Drops all that is known of a shard that is no more. */
  forget(shard: ShardId): void {
    this.#shards.get(shardName(shard))?.wake();
    this.#shards.delete(shardName(shard));
    this.#whereabouts.forget(shard);
  }

  /**
   * Whether the shard is to be heard on what the bot did under that epoch. Undefined where that is
   * not known yet.
   */
  mayTell(shard: ShardId, uid: string, epoch: number): boolean | undefined {
    const mayTell = this.#whereabouts.mayHaveHad(shard, uid, epoch);
    if (mayTell === undefined && this.#shard(shard).ledger.complete) return false;
    return mayTell;
  }

  /** Hears what a runtime tells of a bot that is, or was until it has let go, placed on it. */
  onReport(listener: (shard: ShardId, report: BotReport) => void): void {
    this.#onReport.add(listener);
  }

  /** Hears what a runtime tells of a bot that has ended there, before that it is hosted no more. */
  onEnded(listener: (shard: ShardId, bot: EndedBot) => void): void {
    this.#onEnded.add(listener);
  }

  /**
   * Hears when a withdrawn bot is hosted no more: its last poll has ended. Without an epoch where
   * this hub never knew it.
   */
  onReleased(listener: (shard: ShardId, bot: Released) => void): void {
    this.#onReleased.add(listener);
  }

  /** Hears what a runtime hosts whenever it says so: first of all, and after each change. */
  onHosting(listener: (shard: ShardId, hosting: readonly HostedBot[]) => void): void {
    this.#onHosting.add(listener);
  }

  /** Who speaks for the shard; undefined where nobody did since this hub was made. */
  contact(shard: ShardId): ShardContact | undefined {
    const known = this.#shards.get(shardName(shard));
    const last = known?.session.last;
    return last && { ...last, hosting: known.ledger.hosting };
  }

  /** When the shard's runtime was last heard, by the monotonic clock. */
  lastSeen(shard: ShardId): number | undefined {
    return this.contact(shard)?.lastSeenMs;
  }

  /**
   * Serves one request: takes what it tells, and answers as soon as there is news for it, at the
   * latest after the refresh interval. A newer request of the same shard ends the wait, as do
   * `signal` and {@link ShardHub.close}.
   */
  async sync(caller: Caller, request: SyncRequest, signal: AbortSignal): Promise<SyncOutcome> {
    const shard = this.#shard(caller.shard);
    const before = shard.session.last;
    const admission = shard.session.admit(caller, request, this.#clock.monotonicMs());
    if (admission.kind !== 'admitted') return { kind: admission.kind };
    shard.wake();
    if (admission.isNew) this.#succeed(shard, caller, before);
    const base = this.#baseOf(request);
    shard.seenRevision = base;
    this.#take(shard, request, base);
    const granted = this.#hearDemand(caller, request);
    if (request.retries) {
      this.retries.hear(shardName(caller.shard), request.session, request.retries);
    }
    const isHeld = this.#clock.monotonicMs() < shard.heldUntilMs;
    const isBehind = !shard.ledger.hosting || (!isHeld && base < shard.ledger.revision);
    if (!isBehind && !granted?.hasNews()) await this.#news(shard, signal);
    const answer = this.#answer(shard, base, isHeld);
    shard.toldRevision = Math.max(shard.toldRevision, answer.revision);
    const grant = granted?.grant();
    return { kind: 'answer', answer: { ...answer, ...(grant && { grant }) } };
  }

  /** Answers all requests that are held; none is held from now on. */
  close(): void {
    this.#closed = true;
    for (const shard of this.#shards.values()) shard.wake();
  }

  /** Another runtime speaks for the shard than `before`. */
  #succeed(shard: Shard, { podUid }: Caller, before: ShardSession['last']): void {
    const isNext = before && before.podUid !== podUid;
    if (isNext && mayRun(shard)) shard.heldUntilMs = before.lastSeenMs + this.#successionMs;
    shard.toldRevision = 0;
    shard.ledger.setHosting(undefined);
    shard.early.clear();
  }

  /** How far the runtime has followed this hub. */
  #baseOf({ have }: SyncRequest): number {
    return have?.instance === this.instance ? have.revision : 0;
  }

  /** What may be granted to whoever asks; undefined where nothing is asked for. */
  #hearDemand({ shard, podUid }: Caller, { session, demand }: SyncRequest) {
    const granter = this.#granters.get(shard.fleet);
    if (!granter || !demand) return undefined;
    const id: HolderId = { shard: shard.ordinal, session, pod: podUid };
    granter.hear(id, demand);
    return { hasNews: () => granter.hasNews(id), grant: () => granter.grant(id) };
  }

  #take({ id, ledger, early }: Shard, request: SyncRequest, base: number): void {
    if (request.hosting) {
      ledger.setHosting(request.hosting);
      for (const listener of this.#onHosting) listener(id, request.hosting);
    }
    for (const told of request.reports) {
      const report = this.#inOurTime(told, request.at);
      ledger.noteReport(report);
      if (ledger.epochOf(report.uid) === report.epoch) this.#tellReport(id, report);
      else if (!ledger.complete && ledger.hosts(report.uid)) early.set(report.uid, report);
    }
    for (const bot of request.ended ?? []) {
      ledger.noteEnd(bot);
      for (const listener of this.#onEnded) listener(id, bot);
    }
    for (const bot of ledger.takeReleased(base)) {
      this.#whereabouts.released(id, bot.uid);
      for (const listener of this.#onReleased) listener(id, bot);
    }
  }

  /** The clock of the runtime may be wrong, or this one. */
  #inOurTime(report: BotReport, at: number | undefined): BotReport {
    if (at === undefined) return report;
    return { ...report, facts: inOurTime(report.facts, at - this.#clock.wallMs()) };
  }

  #answer({ ledger }: Shard, base: number, isHeld: boolean): SyncAnswer {
    const at = Math.round(this.#clock.wallMs());
    const common = { protocol: PROTOCOL, instance: this.instance, at };
    if (!ledger.hosting || isHeld) {
      // What it hosts is known before it is told anything.
      const wantHosting = !ledger.hosting;
      return { ...common, revision: base, complete: false, wantHosting, ...NOTHING };
    }
    const { upserts, removals, ...changes } = ledger.changesAfter(base, this.#answerBytes);
    return {
      ...common,
      ...changes,
      wantHosting: false,
      upserts: upserts.map(toWire),
      removals: [...removals],
    };
  }

  #news(shard: Shard, signal: AbortSignal): Promise<void> {
    if (this.#closed || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        if (shard.wake === done) shard.wake = nobodyWaits;
        resolve();
      };
      const timer = this.#clock.setTimer(this.#refreshMs, done);
      signal.addEventListener('abort', done, { once: true });
      shard.wake = done;
    });
  }

  #change(id: ShardId, change: (shard: Shard) => void): void {
    const shard = this.#shard(id);
    const before = shard.ledger.revision;
    change(shard);
    if (shard.ledger.revision > before) shard.wake();
  }

  #shard(id: ShardId): Shard {
    const known = this.#shards.get(shardName(id));
    if (known) return known;
    const shard: Shard = {
      id,
      ledger: new ShardLedger(),
      session: new ShardSession(),
      early: new Map(),
      toldRevision: 0,
      seenRevision: 0,
      heldUntilMs: 0,
      wake: nobodyWaits,
    };
    const fleet = this.#fleets.get(id.fleet);
    if (fleet) shard.ledger.setFleet(fleet);
    this.#shards.set(shardName(id), shard);
    return shard;
  }

  #tellReport(shard: ShardId, report: BotReport): void {
    for (const listener of this.#onReport) listener(shard, report);
  }
}

const NOTHING = { upserts: [], removals: [] };

/** Whether the runtime that was heard last may run bots, for all that is known of it. */
function mayRun({ ledger, toldRevision, seenRevision }: Shard): boolean {
  return ledger.hosting?.length !== 0 || toldRevision > seenRevision;
}

function nobodyWaits(): void {}
