import { Contact } from '../../../../src/control/contact.ts';
import type { SyncOutcome } from '../../../../src/control/hub.ts';
import {
  type Mark,
  PROTOCOL,
  type SyncAnswer,
  type SyncRequest,
} from '../../../../src/control/messages.ts';
import type { BotAssignment } from '../../../../src/control/port.ts';
import { ShardMirror } from '../../../../src/control/shard-mirror.ts';
import type { Caller } from '../../../../src/control/shard-session.ts';
import { type BotHost, type BotWorld, ModelBot } from './model-bot.ts';
import type { SkewedClock } from './skewed-clock.ts';

/** What a runtime finds itself in. */
export interface RuntimeWorld extends BotWorld {
  launched(bot: ModelBot): void;
}

/** A request on its way, and what is to be settled when it is answered. */
export interface SentRequest {
  readonly from: RuntimeProcess;
  readonly request: SyncRequest;
  readonly asked: Mark | undefined;
  readonly atMs: number;
  readonly hostingVersion: number;
}

/**
 * A runtime: the real mirror and the real sense of contact, with a thin model of what
 * `HttpControlPort`, `Runtime` and `BotSlot` do with them.
 */
export class RuntimeProcess implements BotHost {
  readonly world: RuntimeWorld;
  readonly caller: Caller;
  readonly clock: SkewedClock;
  readonly mirror = new ShardMirror();
  readonly contact: Contact;
  readonly bots = new Map<string, ModelBot>();
  alive = true;
  /** Whether it was told to end, and does what it can to end well. */
  ending = false;
  /** Whether it reaches Telegram, and the leader. */
  telegramUp = true;
  leaderUp = true;
  inFlight = 0;
  /** Bots that have ended here, of which leaders may have to be told still. */
  readonly untold = new Set<ModelBot>();
  /** What there is to follow has changed. */
  changed = false;
  readonly #session: string;
  #seq = 0;
  #acknowledged = -1;

  constructor(world: RuntimeWorld, caller: Caller, clock: SkewedClock, session: string) {
    this.world = world;
    this.caller = caller;
    this.clock = clock;
    this.contact = new Contact(clock);
    this.#session = session;
  }

  get inContact(): boolean {
    return this.mirror.complete && this.contact.holds;
  }

  /** Whether a leader has all that it has to say. */
  get isTold(): boolean {
    return this.#acknowledged >= this.mirror.hostingVersion;
  }

  compose(): SentRequest {
    const { mirror } = this;
    const { mark: asked, hostingVersion } = mirror;
    this.inFlight++;
    const request: SyncRequest = {
      protocol: PROTOCOL,
      session: this.#session,
      seq: ++this.#seq,
      ...(asked && { have: asked }),
      ...(hostingVersion > this.#acknowledged && {
        hosting: mirror.hosting(),
        ended: mirror.ended(),
      }),
      reports: [],
    };
    return { from: this, request, asked, atMs: this.clock.monotonicMs(), hostingVersion };
  }

  /** What `HttpControlPort` does with an answer. */
  take(sent: SentRequest, outcome: SyncOutcome | { readonly kind: 'refused' }): void {
    if (!this.alive || !this.contact.isTimely(sent.atMs)) return;
    switch (outcome.kind) {
      case 'refused':
        this.contact.refused();
        return;
      case 'superseded':
        this.contact.refused();
        this.mirror.supersede();
        this.changed = true;
        return;
      case 'stale':
        return;
      case 'answer':
        this.#follow(sent, outcome.answer);
        return;
      default:
        outcome satisfies never;
    }
  }

  #follow(sent: SentRequest, answer: SyncAnswer): void {
    const before = this.mirror.mark?.instance;
    this.mirror.apply(answer, sent.asked);
    const present = this.mirror.mark?.instance;
    if (present !== before || answer.wantHosting) this.#acknowledged = -1;
    if (answer.instance !== present) return;
    this.contact.heard(sent.atMs);
    if (!answer.wantHosting) this.#acknowledged = Math.max(this.#acknowledged, sent.hostingVersion);
    this.changed = true;
    this.follow();
  }

  /** What `Runtime` does with what its port hands out. */
  follow(): void {
    if (!this.changed || this.ending) return;
    this.changed = false;
    const wanted = this.mirror.handOut();
    if (!wanted) return;
    const uids = new Set(wanted.bots.map(({ uid }) => uid));
    for (const [uid, bot] of this.bots) {
      if (!uids.has(uid)) bot.stop(wanted.superseded ? 'yielded' : 'withdrawn');
    }
    for (const assignment of wanted.bots) this.#want(assignment);
  }

  /** SIGTERM. */
  end(): void {
    this.ending = true;
    this.mirror.close();
    for (const bot of this.bots.values()) bot.stop('ended');
  }

  /** Gives a bot up to whoever polls it as well. */
  yield(uid: string): void {
    this.bots.get(uid)?.stop('yielded');
    this.mirror.yield(uid);
    this.changed = true;
  }

  /** A bot has ended; the next one of its uid begins where there is to be one. */
  ended(bot: ModelBot): void {
    const { uid } = bot.assignment;
    if (this.bots.get(uid) !== bot) return;
    this.bots.delete(uid);
    this.untold.add(bot);
    if (bot.next) this.#launch(bot.next, bot.offset);
    else
      this.mirror.end({
        uid,
        epoch: bot.assignment.epoch,
        ...(bot.offset > 0 && { offset: bot.offset }),
      });
  }

  tick(): void {
    this.follow();
    for (const bot of Array.from(this.bots.values())) bot.tick();
  }

  #want(assignment: BotAssignment): void {
    const running = this.bots.get(assignment.uid);
    if (!running) this.#launch(assignment, 0);
    else if (running.isStopping || running.assignment.epoch !== assignment.epoch) {
      running.next = assignment;
      running.stop('withdrawn');
    }
  }

  #launch(assignment: BotAssignment, offset: number): void {
    const bot = new ModelBot(this, assignment, offset || (assignment.resume?.offset ?? 0));
    this.bots.set(assignment.uid, bot);
    this.world.launched(bot);
  }
}
