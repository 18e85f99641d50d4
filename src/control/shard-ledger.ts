import { isDeepStrictEqual } from 'node:util';
import { goingOnAt, goingOnPaused } from './going-on.ts';
import { type HostedBot, toWire } from './messages.ts';
import type { BotAssignment, BotReport, EndedBot, FleetShare } from './port.ts';
import { sameBot } from './same-assignment.ts';

interface Placed {
  readonly revision: number;
  readonly assignment: BotAssignment;
  /** Size on the wire. */
  readonly bytes: number;
}

/** A bot that the runtime is to let go of, until it has said that it did. */
interface Withdrawn {
  readonly revision: number;
  /** Unknown where this leader never placed the bot nor heard of it. */
  readonly epoch: number | undefined;
  /** Whether this leader had placed the bot here; else the runtime alone says that it was. */
  readonly wasPlaced: boolean;
}

/** What happened to a shard between two revisions. */
export interface Changes {
  readonly revision: number;
  readonly complete: boolean;
  readonly share?: FleetShare;
  readonly upserts: readonly BotAssignment[];
  readonly removals: readonly string[];
}

/** A bot that a runtime has let go of. */
export interface Released {
  readonly uid: string;
  readonly epoch: number | undefined;
}

/**
 * What one shard is to host, with a revision for every change, so that a runtime can be told what
 * it has missed. Both maps are in the order of revisions.
 *
 * ```
 *   place ──► placed ──withdraw──► withdrawn ──(the runtime has seen it, and hosts it no more)──► released
 *                ▲                     │
 *                └────── place ────────┘
 * ```
 */
export class ShardLedger {
  readonly #placed = new Map<string, Placed>();
  readonly #withdrawn = new Map<string, Withdrawn>();
  #revision = 0;
  #fleet: { readonly revision: number; readonly share: FleetShare } | undefined;
  #complete = false;
  /** What the runtime says that it hosts; unknown until it has. */
  #hosting: ReadonlyMap<string, number> | undefined;

  get revision(): number {
    return this.#revision;
  }

  get complete(): boolean {
    return this.#complete;
  }

  get hosting(): readonly HostedBot[] | undefined {
    return this.#hosting && [...this.#hosting].map(([uid, epoch]) => ({ uid, epoch }));
  }

  /** The epoch under which this leader placed the bot here, until the runtime has let go of it. */
  epochOf(uid: string): number | undefined {
    const withdrawn = this.#withdrawn.get(uid);
    if (withdrawn?.wasPlaced) return withdrawn.epoch;
    return this.#placed.get(uid)?.assignment.epoch;
  }

  /** Whether the runtime hosts the bot by its own words. */
  hosts(uid: string): boolean {
    return this.#hosting?.has(uid) ?? false;
  }

  setFleet(share: FleetShare): void {
    if (isDeepStrictEqual(this.#fleet?.share, share)) return;
    this.#fleet = { revision: ++this.#revision, share };
  }

  place(assignment: BotAssignment): void {
    const { uid } = assignment;
    const before = this.#placed.get(uid);
    if (before && sameBot(assignment, before.assignment)) {
      // What it resumes from may be newer, and counts once a runtime starts anew.
      this.#placed.set(uid, { ...before, assignment });
      return;
    }
    this.#withdrawn.delete(uid);
    this.#placed.delete(uid);
    const bytes = Buffer.byteLength(JSON.stringify(toWire(assignment)));
    this.#placed.set(uid, { revision: ++this.#revision, assignment, bytes });
  }

  withdraw(uid: string): void {
    if (this.#withdrawn.has(uid)) return;
    const epoch = this.#placed.get(uid)?.assignment.epoch ?? this.#hosting?.get(uid);
    const wasPlaced = this.#placed.delete(uid);
    this.#withdrawn.set(uid, { revision: ++this.#revision, epoch, wasPlaced });
  }

  /** From now on, what the runtime hosts and has not been placed here is withdrawn. */
  finish(): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#revision++;
    this.#withdrawStrangers();
  }

  /** Takes over what the runtime says that it hosts. */
  setHosting(hosting: readonly HostedBot[] | undefined): void {
    this.#hosting = hosting && new Map(hosting.map(({ uid, epoch }) => [uid, epoch]));
    if (this.#complete) this.#withdrawStrangers();
  }

  /** Telegram's pauses hold for whoever starts the bot again here, however its process ends. */
  noteReport({ uid, epoch, facts }: BotReport): void {
    const placed = this.#placed.get(uid);
    if (placed?.assignment.epoch !== epoch) return;
    const { resume } = placed.assignment;
    const isPaused = facts.cooldown ?? facts.chatCooldowns;
    if (!isPaused && !resume?.cooldown && !resume?.chatCooldowns) return;
    this.#placed.set(uid, { ...placed, assignment: goingOnPaused(placed.assignment, facts) });
  }

  /** A bot has ended with its process: whoever starts it again here goes on where it was. */
  noteEnd({ uid, epoch, offset }: EndedBot): void {
    const placed = this.#placed.get(uid);
    if (placed?.assignment.epoch !== epoch || offset === undefined) return;
    this.#placed.set(uid, { ...placed, assignment: goingOnAt(placed.assignment, offset) });
  }

  /** Takes out, and returns, the bots that a runtime which has seen `revision` has let go of. */
  takeReleased(revision: number): Released[] {
    const hosting = this.#hosting;
    if (!hosting) return [];
    const released: Released[] = [];
    for (const [uid, withdrawn] of this.#withdrawn) {
      if (withdrawn.revision > revision) break;
      if (!hosting.has(uid)) released.push({ uid, epoch: withdrawn.epoch });
    }
    for (const { uid } of released) this.#withdrawn.delete(uid);
    return released;
  }

  /** What happened after revision `base`: as much as fits in `maxBytes`, and one change at least. */
  changesAfter(base: number, maxBytes: number): Changes {
    const upserts: BotAssignment[] = [];
    let revision = this.#revision;
    let bytes = 0;
    for (const placed of base < revision ? this.#placed.values() : []) {
      if (placed.revision <= base) continue;
      if (upserts.length > 0 && bytes + placed.bytes > maxBytes) {
        // All changes before this one, of whatever kind, are in this answer.
        revision = placed.revision - 1;
        break;
      }
      upserts.push(placed.assignment);
      bytes += placed.bytes;
    }
    const removals: string[] = [];
    for (const [uid, withdrawn] of this.#withdrawn) {
      if (withdrawn.revision > base && withdrawn.revision <= revision) removals.push(uid);
    }
    const complete = this.#complete && revision === this.#revision;
    const share = this.#fleet && this.#fleet.revision > base ? { share: this.#fleet.share } : {};
    return { revision, complete, upserts, removals, ...share };
  }

  #withdrawStrangers(): void {
    for (const uid of this.#hosting?.keys() ?? []) {
      if (!this.#placed.has(uid)) this.withdraw(uid);
    }
  }
}
