import { LruMap } from '../../../lib/lru-map.ts';
import type { Gate } from './gate.ts';
import type { GateDeps, Priority } from './gate-deps.ts';
import { refusedBy } from './gate-fault.ts';
import { Pace } from './pace.ts';
import { pairOf, toButtonData, type Visitor } from './visitor.ts';

const MAX_PROMPTS = 10_000;
/** How long a prompt stands before another takes its place. */
const REPEAT_MS = 300_000;
/** How long after a prompt could not be sent. */
const RETRY_MS = 30_000;
/** How long a user who can't be written to in private is not tried again. */
const NO_PRIVATE_MS = 600_000;
/** Telegram lets a bot write 20 messages a minute to a group; some are for others. */
const GROUP_PACE = { burst: 10, refillMs: 6_000, capacity: 1_000 };

/** Where a prompt stands. */
interface Place {
  readonly chatId: number;
  readonly messageId: number;
}

interface Shown {
  readonly atMs: number;
  /** Absent while it is being sent, and where that failed. */
  readonly at?: Place;
}

/** What is asked of whom. */
export interface Asking {
  readonly gate: Gate;
  readonly visitor: Visitor;
  /** What is missing, in the form of `chatKey`. */
  readonly chats: readonly string[];
  readonly priority: Priority;
}

/**
 * The prompts that stand: at most one for a user in a group, and in each group no more at a time
 * than its members can bear. A call that fails is logged, and is nobody's trouble but the prompt's.
 */
export class Prompts {
  readonly #deps: GateDeps;
  readonly #shown = new LruMap<string, Shown>(MAX_PROMPTS);
  readonly #noPrivate = new LruMap<number, number>(MAX_PROMPTS);
  readonly #groupPace: Pace;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#groupPace = new Pace(deps.clock, GROUP_PACE);
  }

  /** Whether a prompt stands. */
  has(visitor: Visitor): boolean {
    return this.#shown.get(pairOf(visitor))?.at !== undefined;
  }

  /**
   * Shows a prompt in the place of an older one. Not where the last was shown a short while ago,
   * and not where the group has seen too many. True where it was sent.
   */
  async show(asking: Asking): Promise<boolean> {
    const pair = pairOf(asking.visitor);
    const nowMs = this.#deps.clock.monotonicMs();
    const before = this.#shown.get(pair);
    if (before && nowMs - before.atMs < (before.at ? REPEAT_MS : RETRY_MS)) return false;
    this.#shown.set(pair, { atMs: nowMs });
    await this.#delete(before, asking.priority);
    const at = (await this.#sendPrivately(asking)) ?? (await this.#sendToGroup(asking));
    if (at) this.#shown.set(pair, { atMs: nowMs, at });
    return at !== undefined;
  }

  /** The prompt that stands at `at` is this visitor's: one from before a restart, if it is unknown. */
  async adopt(visitor: Visitor, at: Place): Promise<void> {
    const pair = pairOf(visitor);
    const before = this.#shown.get(pair);
    if (before?.at?.messageId === at.messageId && before.at.chatId === at.chatId) return;
    this.#shown.set(pair, { atMs: this.#deps.clock.monotonicMs(), at });
    await this.#delete(before, 'reply');
  }

  /** Takes the prompt back, if one stands. */
  async remove(visitor: Visitor, priority: Priority): Promise<void> {
    const pair = pairOf(visitor);
    const shown = this.#shown.get(pair);
    this.#shown.delete(pair);
    await this.#delete(shown, priority);
  }

  async #sendPrivately(asking: Asking): Promise<Place | undefined> {
    const { gate, visitor } = asking;
    const nowMs = this.#deps.clock.monotonicMs();
    if (!gate.spec.promptPrivately) return undefined;
    if ((this.#noPrivate.get(visitor.user.id) ?? 0) > nowMs) return undefined;
    try {
      return await this.#send(visitor.user.id, asking);
    } catch (error) {
      // Has never written to the bot, or has blocked it.
      if (refusedBy(error) !== 'passing') {
        this.#noPrivate.set(visitor.user.id, nowMs + NO_PRIVATE_MS);
      }
      return undefined;
    }
  }

  async #sendToGroup(asking: Asking): Promise<Place | undefined> {
    const { groupId, threadId } = asking.visitor;
    if (!this.#groupPace.take(String(groupId))) return undefined;
    try {
      return await this.#send(groupId, asking, threadId);
    } catch (error) {
      this.#deps.log.warn({ err: error, chat: groupId }, 'a prompt could not be sent');
      return undefined;
    }
  }

  async #send(chatId: number, asking: Asking, threadId?: number): Promise<Place> {
    const { gate, visitor, chats, priority } = asking;
    const { user } = visitor;
    const values = {
      firstName: user.first_name,
      username: user.username ?? '',
      args: '',
      botName: this.#deps.me.first_name,
    };
    const { text, options } = gate.prompt(values, chats, toButtonData(visitor));
    const inTopic = threadId === undefined ? {} : { message_thread_id: threadId };
    const sent = await this.#deps.api[priority].sendMessage(chatId, text, {
      ...options,
      ...inTopic,
    });
    return { chatId, messageId: sent.message_id };
  }

  async #delete(shown: Shown | undefined, priority: Priority): Promise<void> {
    if (!shown?.at) return;
    const { chatId, messageId } = shown.at;
    try {
      await this.#deps.api[priority].deleteMessage(chatId, messageId);
    } catch (error) {
      this.#deps.log.debug({ err: error, chat: chatId }, 'a prompt could not be deleted');
    }
  }
}
