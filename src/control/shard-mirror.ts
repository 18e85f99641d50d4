import {
  assignmentHeadSchema,
  assignmentSchema,
  type HostedBot,
  type Mark,
  type SyncAnswer,
} from './messages.ts';
import type { BotAssignment, FleetShare, ShardAssignment } from './port.ts';
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
  /** Epochs of what the runtime was handed and may still run. */
  readonly #out = new Map<string, number>();
  /** uids of what the runtime was told last to host. */
  #followed: ReadonlySet<string> = new Set();
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
   */
  apply(
    answer: SyncAnswer,
    asked: Mark | undefined,
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
    this.#share = answer.share ?? this.#share;
    for (const uid of answer.removals) this.#bots.delete(uid);
    const unreadable = answer.upserts.flatMap((upsert) => this.#upsert(upsert) ?? []);
    if (answer.removals.length + answer.upserts.length > 0) this.#version++;
    return { kind: 'applied', unreadable };
  }

  /** Lets go of everything: somebody else hosts the shard. */
  clear(): void {
    this.#bots.clear();
    this.#mark = undefined;
    this.#complete = false;
    this.#version++;
  }

  /** The whole truth, to be handed to the runtime now; undefined before the fleet is known. */
  handOut(): ShardAssignment | undefined {
    if (!this.#share) return undefined;
    const bots = [...this.#bots.values()];
    for (const { uid, epoch } of bots) this.#out.set(uid, epoch);
    return { ...this.#share, bots };
  }

  /** The runtime acts on `assignment` from now on. */
  followed({ bots }: ShardAssignment): void {
    this.#followed = new Set(bots.map(({ uid }) => uid));
  }

  /**
   * The runtime has reported that the bot has ended. A runtime starts the next bot of a uid only
   * after the one before has ended, so the first such report after it was told to stop the bot is
   * the last one; before, it speaks of a bot that goes on with another token or epoch.
   */
  ended(uid: string): void {
    if (!this.#followed.has(uid) && this.#out.delete(uid)) this.#version++;
  }

  /** Whether the bot is, or may still be, in the runtime. */
  has(uid: string): boolean {
    return this.#bots.has(uid) || this.#out.has(uid);
  }

  hosting(): HostedBot[] {
    const epochs = new Map(this.#out);
    for (const { uid, epoch } of this.#bots.values()) epochs.set(uid, epoch);
    return [...epochs].map(([uid, epoch]) => ({ uid, epoch }));
  }

  #upsert(upsert: unknown): Unreadable | undefined {
    const read = readTolerantly(assignmentSchema, upsert);
    if (read.success) {
      this.#bots.set(read.data.uid, read.data);
      return undefined;
    }
    const head = assignmentHeadSchema.safeParse(upsert);
    if (!head.success) return undefined;
    // The same owner under an older spec is better than nobody; another owner is not.
    if (this.#bots.get(head.data.uid)?.epoch !== head.data.epoch) this.#bots.delete(head.data.uid);
    return { ...head.data, message: explainIssues(read.error) };
  }
}
