import { LruMap } from '../../../lib/lru-map.ts';
import type { GateDeps, Priority } from './gate-deps.ts';
import { type GateFault, refusedBy } from './gate-fault.ts';
import { type Freshness, MemberCache } from './member-cache.ts';
import { type Standing, standingOf } from './standing.ts';

const MAX_STANDINGS = 10_000;
/** How long a chat that refuses to tell is not asked, and one that can't be asked for now. */
const REFUSED_MS = 60_000;
const PASSING_MS = 5_000;
const MAX_CLOSED = 1_000;

const ABSENT: Standing = { joined: false, admin: false };

export interface Question {
  /** In the form of `chatKey`. */
  readonly chat: string;
  readonly userId: number;
  readonly fresh: Freshness;
  readonly priority: Priority;
}

/** Who is in which chat, as Telegram tells, asked as seldom as possible. */
export class Members {
  readonly #deps: Pick<GateDeps, 'clock' | 'api'>;
  readonly #onFault: (chat: string, fault: GateFault) => void;
  readonly #cache: MemberCache;
  /** Until when not to ask, by chat. */
  readonly #closed = new LruMap<string, number>(MAX_CLOSED);

  /** `onFault` hears of each chat that does not let itself be asked. */
  constructor(
    deps: Pick<GateDeps, 'clock' | 'api'>,
    onFault: (chat: string, fault: GateFault) => void,
  ) {
    this.#deps = deps;
    this.#onFault = onFault;
    this.#cache = new MemberCache(deps.clock, MAX_STANDINGS);
  }

  /** Somebody's standing in a chat; undefined where Telegram does not tell. Never rejects. */
  async standing({ chat, userId, fresh, priority }: Question): Promise<Standing | undefined> {
    if (this.#isClosed(chat)) return undefined;
    const ask = (): Promise<Standing> => this.#ask(chat, userId, priority);
    try {
      return await this.#cache.lookUp(keyOf(chat, userId), ask, fresh);
    } catch (error) {
      this.#failed(chat, error);
      return undefined;
    }
  }

  /** Telegram has told of somebody's standing by itself. */
  tell(chat: string, userId: number, standing: Standing): void {
    this.#cache.tell(keyOf(chat, userId), standing);
  }

  /** What the bot may do in `chat` has changed: it is asked again, whatever it said. */
  reopen(chat: string): void {
    this.#closed.delete(chat);
  }

  async #ask(chat: string, userId: number, priority: Priority): Promise<Standing> {
    try {
      return standingOf(await this.#deps.api[priority].getChatMember(toChatId(chat), userId));
    } catch (error) {
      if (refusedBy(error) === 'absent') return ABSENT;
      throw error;
    }
  }

  #failed(chat: string, error: unknown): void {
    const refused = refusedBy(error);
    const isFault = refused !== 'passing' && refused !== 'absent';
    const forMs = isFault ? REFUSED_MS : PASSING_MS;
    this.#closed.set(chat, this.#deps.clock.monotonicMs() + forMs);
    if (isFault) this.#onFault(chat, refused);
  }

  #isClosed(chat: string): boolean {
    return (this.#closed.get(chat) ?? 0) > this.#deps.clock.monotonicMs();
  }
}

/** As the Bot API takes it. */
export function toChatId(chat: string): string | number {
  return chat.startsWith('@') ? chat : Number(chat);
}

function keyOf(chat: string, userId: number): string {
  return `${chat} ${userId}`;
}
