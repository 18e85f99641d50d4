import { LruMap } from '../../../lib/lru-map.ts';
import type { Gate } from './gate.ts';
import type { GateDeps, Priority } from './gate-deps.ts';
import { InTurn } from './in-turn.ts';
import { ASK_ANEW, type Freshness } from './member-cache.ts';
import type { Members } from './members.ts';
import { Pace } from './pace.ts';
import type { Prompts } from './prompts.ts';
import type { Restrictions } from './restrictions.ts';
import { isRestrictedByGate, type Standing } from './standing.ts';
import { pairOf, type Visitor } from './visitor.ts';

const MAX_USERS = 10_000;
/** The groups that are remembered of one user. */
const MAX_GROUPS_A_USER = 20;
/** The standing in the group itself is told by Telegram whenever it changes, if the bot is let. */
const GROUP_FRESH: Freshness = { joinedMs: 60_000, absentMs: 10_000 };
/** How often somebody is kept from writing anew, where that does not last. */
const RESTRICT_PACE = { burst: 3, refillMs: 20_000, capacity: MAX_USERS };

/** How somebody stands before a gate. */
type Verdict =
  | { readonly kind: 'joined' | 'unknown' }
  /** `chats` are those that somebody is not in, or is not known to be in. */
  | { readonly kind: 'missing'; readonly chats: readonly string[] };

/** What {@link Doorkeeper.settle} came to. */
export type Settled =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'held'; readonly by: Gate }
  /** Has joined, but can't be let write. */
  | { readonly kind: 'stuck' };

/** How a visitor is looked at. */
export interface Look {
  readonly priority: Priority;
  /** What the gates themselves say unless given. */
  readonly fresh?: Freshness;
}

/** What a {@link Doorkeeper} works with. */
export interface DoorkeeperParts {
  readonly deps: GateDeps;
  readonly members: Members;
  readonly prompts: Prompts;
  readonly restrictions: Restrictions;
  /** Somebody is kept out, or no longer. */
  onHeld(visitor: Visitor): void;
  onReleased(visitor: Visitor): void;
}

/**
 * Lets people in and keeps them out. What it does is the same however often it is done, and needs
 * no memory: Telegram knows who is restricted, and by the mark of the restriction, by whom.
 */
export class Doorkeeper {
  readonly #parts: DoorkeeperParts;
  readonly #inTurn = new InTurn();
  readonly #restrictPace: Pace;
  /** Where each user was seen, so that joining and leaving a chat takes effect at once. */
  readonly #seen = new LruMap<number, LruMap<number, Visitor>>(MAX_USERS);
  /** Who was verified by a gate that does not mind leaving. */
  readonly #verified = new LruMap<string, true>(MAX_USERS);

  constructor(parts: DoorkeeperParts) {
    this.#parts = parts;
    this.#restrictPace = new Pace(parts.deps.clock, RESTRICT_PACE);
  }

  /** Whether a visitor who writes may; if not, the visitor has been asked to join. */
  async admits(gate: Gate, visitor: Visitor): Promise<boolean> {
    const look: Look = { priority: 'reply' };
    this.#remember(visitor);
    if ((await this.#judge(gate, visitor, look)).kind !== 'missing') return true;
    return this.#inTurn.run(pairOf(visitor), async () => {
      // The user may have joined while others had their turn.
      const verdict = await this.#judge(gate, visitor, look);
      if (verdict.kind !== 'missing') return true;
      const held = await this.#hold(gate, visitor, { ...look, chats: verdict.chats, wrote: true });
      return !held;
    });
  }

  /** Brings a visitor in line with all of `gates`: lets in who has joined, keeps out who has not. */
  settle(gates: readonly Gate[], visitor: Visitor, look: Look): Promise<Settled> {
    this.#remember(visitor);
    return this.#inTurn.run(pairOf(visitor), async () => {
      for (const gate of gates) {
        const verdict = await this.#judge(gate, visitor, look);
        if (verdict.kind !== 'missing') continue;
        const { chats } = verdict;
        const held = await this.#hold(gate, visitor, { ...look, chats, wrote: false });
        if (held) return { kind: 'held', by: gate };
      }
      return { kind: (await this.#admit(visitor, look.priority)) ? 'admitted' : 'stuck' };
    });
  }

  /** Where `userId` was seen of late. */
  whereabouts(userId: number): Visitor[] {
    return [...(this.#seen.get(userId)?.values() ?? [])];
  }

  async #judge(gate: Gate, { user }: Visitor, look: Look): Promise<Verdict> {
    const verified = `${gate.chats.join()} ${user.id}`;
    const mayLeave = gate.spec.onLeave === 'Ignore';
    if (mayLeave && this.#verified.get(verified)) return { kind: 'joined' };
    const { fresh = gate.fresh, priority } = look;
    const standings = await Promise.all(
      gate.chats.map((chat) =>
        this.#parts.members.standing({ chat, userId: user.id, fresh, priority }),
      ),
    );
    const verdict = judge(gate, standings);
    if (mayLeave && verdict.kind === 'joined') this.#verified.set(verified, true);
    return verdict;
  }

  /** True where the visitor is kept out, false where the gate does not apply. */
  async #hold(
    gate: Gate,
    visitor: Visitor,
    how: Look & { readonly chats: readonly string[]; readonly wrote: boolean },
  ): Promise<boolean> {
    const { priority, chats, wrote } = how;
    const { prompts } = this.#parts;
    const standing = await this.#standingIn(visitor, GROUP_FRESH, priority);
    if (standing?.admin && gate.spec.exemptAdmins) return false;
    // Who is not there can write all the same below the posts of a linked channel.
    if (standing && !standing.joined && !wrote) return true;
    if (gate.spec.restrictUntilVerified && mayRestrict(standing, wrote)) {
      await this.#restrict(visitor, priority);
    }
    this.#parts.onHeld(visitor);
    if (wrote || !prompts.has(visitor)) {
      const shown = await prompts.show({ gate, visitor, chats, priority });
      if (shown) this.#parts.deps.onVerification('Prompted', visitor);
    }
    return true;
  }

  async #restrict(visitor: Visitor, priority: Priority): Promise<void> {
    if (!this.#restrictPace.take(pairOf(visitor))) return;
    await this.#parts.restrictions.restrict(visitor, priority);
  }

  /** False where the visitor ought to write, and can't be let. */
  async #admit(visitor: Visitor, priority: Priority): Promise<boolean> {
    const { deps, prompts, restrictions } = this.#parts;
    const standing = await this.#standingIn(visitor, ASK_ANEW, priority);
    if (!standing) return false;
    const restricted = isRestrictedByGate(standing);
    if (restricted && !(await restrictions.release(visitor, priority))) return false;
    if (restricted || prompts.has(visitor)) deps.onVerification('Verified', visitor);
    await prompts.remove(visitor, priority);
    this.#parts.onReleased(visitor);
    return true;
  }

  #standingIn(
    { groupId, user }: Visitor,
    fresh: Freshness,
    priority: Priority,
  ): Promise<Standing | undefined> {
    const chat = String(groupId);
    return this.#parts.members.standing({ chat, userId: user.id, fresh, priority });
  }

  #remember(visitor: Visitor): void {
    const { user, groupId } = visitor;
    const groups = this.#seen.get(user.id) ?? new LruMap<number, Visitor>(MAX_GROUPS_A_USER);
    groups.set(groupId, visitor);
    this.#seen.set(user.id, groups);
  }
}

/** `standings` are those in the chats of `gate`, undefined where Telegram does not tell. */
function judge(gate: Gate, standings: readonly (Standing | undefined)[]): Verdict {
  const chatsWhere = (test: (standing: Standing | undefined) => boolean): string[] =>
    gate.chats.filter((_chat, index) => test(standings[index]));
  const absent = chatsWhere((standing) => standing?.joined === false);
  const unknown = chatsWhere((standing) => standing === undefined);
  if (absent.length === 0 && unknown.length === 0) return { kind: 'joined' };
  const missing = gate.closesOnFailure ? [...absent, ...unknown] : absent;
  return missing.length > 0 ? { kind: 'missing', chats: missing } : { kind: 'unknown' };
}

/** Administrators can't be restricted, and what an administrator has forbidden is left as it is. */
function mayRestrict(standing: Standing | undefined, wrote: boolean): boolean {
  if (!standing) return true;
  if (standing.admin) return false;
  if (standing.restrictedUntil === undefined) return true;
  // Who writes although a gate forbids it was let by somebody; what was known is old.
  return wrote && isRestrictedByGate(standing);
}
