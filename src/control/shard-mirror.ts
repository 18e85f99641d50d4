import { inOurTime } from '../api/cooldown.ts';
import { SharedParts } from '../lib/shared-parts.ts';
import { goingOnAt } from './going-on.ts';
import {
  assignmentHeadSchema,
  assignmentSchema,
  type HostedBot,
  MAX_ENDED,
  type Mark,
  type SyncAnswer,
} from './messages.ts';
import type { BotAssignment, EndedBot, FleetShare, ShardAssignment } from './port.ts';
import { explainIssues, readTolerantly } from './tolerant.ts';

/** A bot that the leader hands out and this runtime does not understand: it is older. */
export interface Unreadable {
  readonly uid: string;
  readonly key: string;
  readonly generation: number;
  readonly epoch: number;
  /** Names places, never values. */
  readonly message: string;
}

/** How many leaders that were left are remembered. */
const REMEMBERED = 16;

/**
 * What the leader wants a runtime to host, followed change by change, and what the runtime has not
 * let go of yet. A bot counts as hosted from the moment that it is taken over until the runtime
 * has reported its end after it was taken away.
 */
export class ShardMirror {
  readonly #bots = new Map<string, BotAssignment>();
  readonly #parts = new SharedParts();
  /** Epochs of what the runtime was handed and may still run. */
  readonly #out = new Map<string, number>();
  /** uids of what the runtime was told last to host. */
  readonly #told = new Set<string>();
  /** The last that is known of bots that were let go of, the oldest first. */
  readonly #ended = new Map<string, EndedBot>();
  #superseded = false;
  #closed = false;
  #share: FleetShare | undefined;
  #mark: Mark | undefined;
  #left: readonly string[] = [];
  #complete = false;
  #version = 0;

  /** How far which leader was followed; undefined before the first answer. */
  get mark(): Mark | undefined {
    return this.#mark;
  }

  /** Whether a leader that has read everything has handed out everything. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Grows when {@link ShardMirror.hosting} changes. */
  get hostingVersion(): number {
    return this.#version;
  }

  /**
   * Takes over an answer to a request that was sent with `asked` as its mark. One that does not
   * follow on what is known by now, or comes from a leader that was left before, changes nothing.
   * `wallMs` is what the clock here shows.
   */
  apply(
    answer: SyncAnswer,
    asked: Mark | undefined,
    wallMs?: number,
  ): { readonly kind: 'applied' | 'skipped'; readonly unreadable: readonly Unreadable[] } {
    const { instance, revision } = answer;
    if (asked !== this.#mark || this.#left.includes(instance)) {
      return { kind: 'skipped', unreadable: [] };
    }
    if (asked && asked.instance !== instance) {
      this.#left = [asked.instance, ...this.#left].slice(0, REMEMBERED);
    }
    this.#mark = { instance, revision };
    this.#complete = answer.complete;
    if (this.#closed) return { kind: 'applied', unreadable: [] };
    this.#superseded = false;
    this.#share = answer.share ?? this.#share;
    for (const uid of answer.removals) this.#bots.delete(uid);
    const { at } = answer;
    const aheadMs = at === undefined || wallMs === undefined ? 0 : at - wallMs;
    const unreadable = answer.upserts.flatMap((upsert) => this.#upsert(upsert, aheadMs) ?? []);
    if (answer.removals.length + answer.upserts.length > 0) this.#version++;
    return { kind: 'applied', unreadable };
  }

  /** Lets go of everything: somebody else hosts the shard. */
  supersede(): void {
    this.#bots.clear();
    this.#superseded = true;
    this.#startOver();
  }

  /** Lets go of a bot by itself, until a leader hands it out anew: it is asked for everything. */
  yield(uid: string): void {
    this.#bots.delete(uid);
    this.#told.delete(uid);
    this.#startOver();
  }

  /** The runtime takes up nothing any more, and ends whatever it hosts. */
  close(): void {
    this.#closed = true;
    this.#bots.clear();
    this.#told.clear();
    this.#version++;
  }

  /** The whole truth, to be handed to the runtime now; undefined before the fleet is known. */
  handOut(): ShardAssignment | undefined {
    if (!this.#share) return undefined;
    const bots = [...this.#bots.values()].map((bot) => this.#goingOn(bot));
    this.#told.clear();
    for (const { uid, epoch } of bots) {
      this.#told.add(uid);
      this.#out.set(uid, epoch);
      this.#ended.delete(uid);
    }
    return { ...this.#share, bots, ...(this.#superseded && { superseded: true }) };
  }

  /**
   * The runtime has ended a bot, and nothing of it runs at present. That is its end here unless the
   * runtime has been told meanwhile to start it again.
   */
  end(bot: EndedBot): void {
    const { uid } = bot;
    if (this.#told.has(uid) || !this.#out.delete(uid)) return;
    this.#ended.delete(uid);
    this.#ended.set(uid, bot);
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= MAX_ENDED) break;
      this.#ended.delete(oldest);
    }
    this.#version++;
  }

  /** Whether the bot is, or may still be, in the runtime. */
  has(uid: string): boolean {
    return this.#bots.has(uid) || this.#out.has(uid);
  }

  /** What became of the bots that were let go of last, as long as they stay away. */
  ended(): EndedBot[] {
    return [...this.#ended.values()];
  }

  hosting(): HostedBot[] {
    const epochs = new Map(this.#out);
    for (const { uid, epoch } of this.#bots.values()) epochs.set(uid, epoch);
    return [...epochs].map(([uid, epoch]) => ({ uid, epoch }));
  }

  /** Where the leader has changed its mind, the bot goes on where it has just ended here. */
  #goingOn(bot: BotAssignment): BotAssignment {
    const { uid, epoch } = bot;
    const ended = this.#ended.get(uid);
    if (ended?.epoch !== epoch || ended.offset === undefined) return bot;
    const goingOn = goingOnAt(bot, ended.offset);
    this.#bots.set(uid, goingOn);
    return goingOn;
  }

  /** Asks for everything again. An answer to a question from before is late. */
  #startOver(): void {
    this.#mark &&= { ...this.#mark, revision: 0 };
    this.#complete = false;
    this.#version++;
  }

  /** The clock of the leader is `aheadMs` ahead. */
  #upsert(upsert: unknown, aheadMs: number): Unreadable | undefined {
    const read = readTolerantly(assignmentSchema, upsert);
    if (read.success) {
      const { resume, ...rest } = read.data;
      const spec = this.#parts.in(rest.spec);
      const goingOn = resume && { resume: inOurTime(resume, aheadMs) };
      this.#bots.set(rest.uid, { ...rest, ...goingOn, spec });
      return undefined;
    }
    const head = assignmentHeadSchema.safeParse(upsert);
    if (!head.success) return undefined;
    // The same owner under an older spec is better than nobody; another owner is not.
    if (this.#bots.get(head.data.uid)?.epoch !== head.data.epoch) this.#bots.delete(head.data.uid);
    return { ...head.data, message: explainIssues(read.error) };
  }
}
