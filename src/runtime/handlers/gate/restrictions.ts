import { LruMap } from '../../../lib/lru-map.ts';
import type { GateDeps, Priority } from './gate-deps.ts';
import { type GateFault, refusedBy } from './gate-fault.ts';
import type { GateReport } from './gate-report.ts';
import type { Members } from './members.ts';
import { ALL_PERMISSIONS, NO_PERMISSIONS, restrictionEnd } from './standing.ts';
import type { Visitor } from './visitor.ts';

/** How long a group in which the bot lacks the right is left alone. */
const REFUSED_MS = 60_000;
const MAX_GROUPS = 1_000;

/** Keeps people from writing, and lets them again. Tells the report where it may not. */
export class Restrictions {
  readonly #deps: GateDeps;
  readonly #members: Members;
  readonly #report: GateReport;
  readonly #refusedUntilMs = new LruMap<number, number>(MAX_GROUPS);

  constructor(deps: GateDeps, members: Members, report: GateReport) {
    this.#deps = deps;
    this.#members = members;
    this.#report = report;
  }

  /** Keeps somebody from writing. True where that is so now. Never rejects. */
  restrict(visitor: Visitor, priority: Priority): Promise<boolean> {
    const untilDate = restrictionEnd(this.#deps.clock.wallMs());
    return this.#change(visitor, { permissions: NO_PERMISSIONS, untilDate, priority });
  }

  /** Lets somebody write again. True where that is so now. Never rejects. */
  release(visitor: Visitor, priority: Priority): Promise<boolean> {
    return this.#change(visitor, { permissions: ALL_PERMISSIONS, untilDate: undefined, priority });
  }

  /** What the bot may do in a group has changed. */
  allowed(groupId: number): void {
    this.#refusedUntilMs.delete(groupId);
  }

  async #change(
    visitor: Visitor,
    change: {
      readonly permissions: typeof ALL_PERMISSIONS;
      readonly untilDate: number | undefined;
      readonly priority: Priority;
    },
  ): Promise<boolean> {
    const { groupId, title, user } = visitor;
    const { permissions, untilDate, priority } = change;
    const nowMs = this.#deps.clock.monotonicMs();
    if ((this.#refusedUntilMs.get(groupId) ?? 0) > nowMs) return false;
    try {
      await this.#deps.api[priority].restrictChatMember(groupId, user.id, permissions, {
        use_independent_chat_permissions: true,
        ...(untilDate !== undefined && { until_date: untilDate }),
      });
    } catch (error) {
      const refused = refusedBy(error);
      if (refused === 'absent') return false;
      this.#deps.log.warn({ err: error, chat: groupId }, 'a member could not be restricted');
      if (refused !== 'passing') this.#refuse({ id: groupId, title }, refused, nowMs);
      return false;
    }
    this.#report.group({ id: groupId, title }, undefined);
    this.#members.tell(String(groupId), user.id, {
      joined: true,
      admin: false,
      ...(untilDate !== undefined && { restrictedUntil: untilDate }),
    });
    return true;
  }

  #refuse(
    group: { readonly id: number; readonly title: string },
    fault: GateFault,
    nowMs: number,
  ): void {
    this.#refusedUntilMs.set(group.id, nowMs + REFUSED_MS);
    this.#report.group(group, fault);
  }
}
