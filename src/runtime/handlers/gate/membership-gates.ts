import type { Context } from 'grammy';
import type { ChatMemberUpdated } from 'grammy/types';
import { errorMessage } from '../../../lib/errors.ts';
import type { UpdateHandler } from '../handler.ts';
import { Doorkeeper, type Settled } from './doorkeeper.ts';
import { chatKey, type Gate } from './gate.ts';
import type { GateDeps } from './gate-deps.ts';
import { type GateFault, refusedBy } from './gate-fault.ts';
import { GateReport } from './gate-report.ts';
import { ASK_ANEW } from './member-cache.ts';
import { Members, toChatId } from './members.ts';
import { Pace } from './pace.ts';
import { Prompts } from './prompts.ts';
import { Restrictions } from './restrictions.ts';
import { standingOf } from './standing.ts';
import {
  arrivalsOf,
  isGroup,
  parseButtonData,
  type Visitor,
  visitorIn,
  writerOf,
} from './visitor.ts';
import { WaitingRoom } from './waiting-room.ts';

const MAX_USERS = 10_000;
/** What one user may cause by pressing, and by coming and going. */
const USER_PACE = { burst: 5, refillMs: 10_000, capacity: MAX_USERS };
/** For how long Telegram answers the same press by itself. */
const ANSWER_CACHE_SECONDS = 5;
const DEFAULT_PAUSE_MS = 300_000;

/**
 * The membership gates of one bot. They outlive a change of the spec, and are forgotten with the
 * bot's life: whom they restrict, Telegram knows.
 */
export class MembershipGates {
  readonly #deps: GateDeps;
  readonly #report: GateReport;
  readonly #members: Members;
  readonly #restrictions: Restrictions;
  readonly #doorkeeper: Doorkeeper;
  readonly #waiting: WaitingRoom;
  readonly #prompts: Prompts;
  readonly #presses: Pace;
  readonly #moves: Pace;
  #gates: readonly Gate[] = [];

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#report = new GateReport((aspect) => deps.onAspect(aspect));
    this.#members = new Members(deps, (chat, fault) => {
      if (this.#isRequired(chat)) this.#report.required(chat, fault);
      this.#waiting.wake();
    });
    this.#restrictions = new Restrictions(deps, this.#members, this.#report);
    this.#prompts = new Prompts(deps);
    this.#presses = new Pace(deps.clock, USER_PACE);
    this.#moves = new Pace(deps.clock, USER_PACE);
    this.#waiting = new WaitingRoom({
      clock: deps.clock,
      sweep: deps.sweep,
      pauseMs: () => pauseOf(this.#gates),
      look: (due) => this.#lookAt(due),
      busy: () => this.#report.needsLook,
    });
    this.#doorkeeper = new Doorkeeper({
      deps,
      members: this.#members,
      prompts: this.#prompts,
      restrictions: this.#restrictions,
      onHeld: (visitor) => this.#waiting.add(visitor),
      onReleased: (visitor) => this.#waiting.remove(visitor),
    });
  }

  /** Guards by `gates` from now on. Whom those before kept out is let in, if these do. */
  setGates(gates: readonly Gate[]): void {
    this.#gates = gates;
    this.#report.setGates(gates);
    this.#waiting.open();
    void this.#probe();
  }

  /** Nothing is begun any more, but by {@link setGates}. */
  close(): void {
    this.#waiting.close();
  }

  /** A handler that keeps who does not pass `gate` from all handlers after it. */
  filter(gate: Gate): UpdateHandler {
    return {
      gate,
      kinds: ['message'],
      handle: ({ ctx }) => {
        const visitor = ctx.message && writerOf(ctx.message);
        return visitor && guards(gate, visitor.groupId, ctx.chat?.username)
          ? this.#filter(gate, visitor)
          : undefined;
      },
    };
  }

  /** A handler for what all gates of the bot hear of together. Goes before all others. */
  get doorbell(): UpdateHandler {
    return {
      kinds: ['message', 'callback_query', 'chat_member', 'my_chat_member'],
      handle: ({ ctx }) => {
        const { message, chatMember, myChatMember } = ctx;
        if (ctx.callbackQuery) return this.#pressed(ctx);
        if (chatMember) return this.#memberChanged(chatMember);
        if (myChatMember) return this.#rightsChanged(myChatMember);
        if (message?.migrate_to_chat_id) this.#waiting.removeGroup(message.chat.id);
        const arrivals = message ? arrivalsOf(message) : [];
        return arrivals.length > 0 ? this.#arrived(arrivals) : undefined;
      },
    };
  }

  async #filter(gate: Gate, visitor: Visitor): Promise<void | 'passed'> {
    return (await this.#doorkeeper.admits(gate, visitor)) ? 'passed' : undefined;
  }

  async #arrived(visitors: readonly Visitor[]): Promise<'passed'> {
    for (const visitor of visitors) await this.#moved(visitor);
    return 'passed';
  }

  #pressed(ctx: Context): Promise<void> | undefined {
    const named = parseButtonData(ctx.callbackQuery?.data);
    return named && this.#press(ctx, named);
  }

  async #press(ctx: Context, named: { groupId: number; userId: number }): Promise<void> {
    const { callbackQuery } = ctx;
    if (!callbackQuery || !this.#presses.take(String(callbackQuery.from.id))) return;
    const { from, message } = callbackQuery;
    const gates = this.#gatesOf(named.groupId);
    if (from.id !== named.userId) {
      await this.#answer(callbackQuery.id, gates[0]?.spec.prompt.notYours, true);
      return;
    }
    const title = message?.chat.id === named.groupId ? message.chat.title : undefined;
    const visitor = visitorIn({ id: named.groupId, title: title ?? String(named.groupId) }, from);
    if (message) {
      const at = { chatId: message.chat.id, messageId: message.message_id };
      await this.#prompts.adopt(visitor, at);
    }
    const look = { priority: 'reply', fresh: ASK_ANEW } as const;
    const settled = await this.#doorkeeper.settle(gates, visitor, look);
    if (settled.kind === 'held') this.#deps.onVerification('Refused', visitor);
    await this.#answer(callbackQuery.id, wordsFor(settled, gates), settled.kind === 'held');
  }

  #answer(id: string, text: string | undefined, alert: boolean): Promise<void> {
    return this.#quietly(
      this.#deps.api.reply.answerCallbackQuery(id, {
        ...(text !== undefined && { text }),
        show_alert: alert,
        ...(alert && { cache_time: ANSWER_CACHE_SECONDS }),
      }),
    );
  }

  async #memberChanged(change: ChatMemberUpdated): Promise<'passed'> {
    const { chat, new_chat_member: member, old_chat_member: before } = change;
    if (member.user.is_bot) return 'passed';
    const standing = standingOf(member);
    const changed = standing.joined !== standingOf(before).joined;
    for (const key of keysOf(chat)) this.#members.tell(key, member.user.id, standing);
    if (!changed) return 'passed';
    const visitor = visitorIn(chat, member.user);
    if (keysOf(chat).some((key) => this.#isRequired(key))) {
      for (const seen of this.#doorkeeper.whereabouts(member.user.id)) {
        if (!standing.joined) this.#deps.onVerification('Left', seen);
        await this.#moved(seen);
      }
    }
    if (!isGroup(chat) || this.#gatesOf(chat.id, chat.username).length === 0) return 'passed';
    if (standing.joined) await this.#moved(visitor);
    else await this.#departed(visitor);
    return 'passed';
  }

  /** Somebody came into a group, or into or out of a chat that one must be in. */
  async #moved(visitor: Visitor): Promise<void> {
    const gates = this.#gatesOf(visitor.groupId);
    if (gates.length === 0) return;
    if (this.#moves.take(String(visitor.user.id))) {
      await this.#doorkeeper.settle(gates, visitor, { priority: 'reply' });
    } else {
      this.#waiting.hurry(visitor);
    }
  }

  async #departed(visitor: Visitor): Promise<void> {
    this.#waiting.remove(visitor);
    await this.#prompts.remove(visitor, 'background');
  }

  /** The bot itself was made an administrator, or is one no more. */
  async #rightsChanged({ chat, new_chat_member: me }: ChatMemberUpdated): Promise<'passed'> {
    for (const key of keysOf(chat)) this.#members.reopen(key);
    this.#restrictions.allowed(chat.id);
    if (keysOf(chat).some((key) => this.#isRequired(key))) await this.#probe();
    const gates = this.#gatesOf(chat.id, chat.username);
    if (!isGroup(chat) || gates.every(({ spec }) => !spec.restrictUntilVerified)) return 'passed';
    const there = standingOf(me).joined;
    if (!there) this.#waiting.removeGroup(chat.id);
    const may = me.status === 'administrator' && me.can_restrict_members;
    const fault = chat.type === 'group' ? 'NotSupergroup' : 'NotAdministrator';
    const fine = !there || (may && chat.type !== 'group');
    this.#report.group({ id: chat.id, title: chat.title ?? '' }, fine ? undefined : fault);
    return 'passed';
  }

  /** Finds out whether the bot may see who is in the chats that one must be in. */
  async #probe(): Promise<void> {
    const chats = new Set(this.#gates.flatMap((gate) => gate.chats));
    for (const chat of chats) {
      const fault = await faultIn(chat, this.#deps);
      this.#report.required(chat, fault);
      if (!fault) this.#members.reopen(chat);
    }
    this.#waiting.wake();
  }

  async #lookAt(due: readonly Visitor[]): Promise<void> {
    try {
      if (this.#report.needsLook) await this.#probe();
      for (const visitor of due) {
        const gates = this.#gatesOf(visitor.groupId);
        await this.#doorkeeper.settle(gates, visitor, { priority: 'background' });
      }
    } catch (error) {
      this.#deps.log.warn(`those who wait at the gate were not looked up: ${errorMessage(error)}`);
    }
  }

  #gatesOf(groupId: number, username?: string): readonly Gate[] {
    return this.#gates.filter((gate) => guards(gate, groupId, username));
  }

  #isRequired(chat: string): boolean {
    return this.#gates.some((gate) => gate.chats.includes(chat));
  }

  async #quietly(call: Promise<unknown>): Promise<void> {
    try {
      await call;
    } catch (error) {
      this.#deps.log.debug(`a press was not answered in full: ${errorMessage(error)}`);
    }
  }
}

/** Who writes in a chat that one must be in has joined it: there a gate has no place. */
function guards(gate: Gate, groupId: number, username: string | undefined): boolean {
  return !keysOf({ id: groupId, username }).some((key) => gate.chats.includes(key));
}

function keysOf({
  id,
  username,
}: {
  readonly id: number;
  readonly username?: string | undefined;
}): string[] {
  return [chatKey(id), ...(username === undefined ? [] : [chatKey(`@${username}`)])];
}

/**
 * What keeps the bot from seeing who is in a chat. Telegram promises that to administrators alone,
 * even if it tells others at times.
 */
async function faultIn(
  chat: string,
  { api, me }: GateDeps,
): Promise<GateFault | 'passing' | undefined> {
  try {
    const own = standingOf(await api.background.getChatMember(toChatId(chat), me.id));
    return own.admin ? undefined : 'NotAdministrator';
  } catch (error) {
    const refused = refusedBy(error);
    return refused === 'absent' ? 'NotAdministrator' : refused;
  }
}

function pauseOf(gates: readonly Gate[]): number {
  return Math.min(DEFAULT_PAUSE_MS, ...gates.map(({ spec }) => spec.recheckSeconds * 1_000));
}

function wordsFor(settled: Settled, gates: readonly Gate[]): string | undefined {
  if (settled.kind === 'held') return settled.by.spec.prompt.notYet;
  return settled.kind === 'admitted' ? gates[0]?.spec.prompt.welcome : undefined;
}
