import { isDeepStrictEqual } from 'node:util';
import type { Aspect } from '../../../api/runtime-facts.ts';
import { LruMap } from '../../../lib/lru-map.ts';
import type { Gate } from './gate.ts';
import type { GateFault } from './gate-fault.ts';

/** Groups with something wrong that are remembered at once. */
const MAX_GROUPS = 100;
const MAX_TITLE_CHARACTERS = 64;
const MAX_LISTED = 10;

/** A group that a gate guards, as people know it. */
export interface GroupName {
  readonly id: number;
  readonly title: string;
}

/**
 * What the gates of one bot can and can't do, as one aspect, told whenever it changes. Nothing is
 * told before something is known of each chat that they ask about.
 */
export class GateReport {
  readonly #tell: (aspect: Aspect | undefined) => void;
  #gates: readonly Gate[] = [];
  /** Undefined is all right; a chat that is missing has not been looked at. */
  readonly #required = new Map<string, GateFault | 'passing' | undefined>();
  readonly #groups = new LruMap<number, { readonly name: GroupName; readonly fault: GateFault }>(
    MAX_GROUPS,
  );
  #told: Aspect | undefined;

  constructor(tell: (aspect: Aspect | undefined) => void) {
    this.#tell = tell;
  }

  /** Tells of these gates from now on. */
  setGates(gates: readonly Gate[]): void {
    this.#gates = gates;
    this.#update();
  }

  /** How it is with a chat that one must be in. What passes changes nothing that is known. */
  required(chat: string, fault: GateFault | 'passing' | undefined): void {
    if (fault === 'passing' && this.#required.has(chat)) return;
    this.#required.set(chat, fault);
    this.#update();
  }

  /** How it is with a group that is guarded. */
  group(name: GroupName, fault: GateFault | undefined): void {
    if (fault) this.#groups.set(name.id, { name, fault });
    else this.#groups.delete(name.id);
    this.#update();
  }

  /** Whether something is wrong, or not known yet, so that another look is worth it. */
  get needsLook(): boolean {
    return this.#told?.ok === false;
  }

  #update(): void {
    const aspect = this.#aspect();
    if (isDeepStrictEqual(aspect, this.#told)) return;
    this.#told = aspect;
    this.#tell(aspect);
  }

  #aspect(): Aspect | undefined {
    const chats = [...new Set(this.#gates.flatMap((gate) => gate.chats))];
    if (chats.length === 0) return undefined;
    if (chats.some((chat) => !this.#required.has(chat))) return this.#told;
    const problems = [...this.#ofRequired(chats), ...this.#ofGroups()];
    const [first] = problems;
    if (first) {
      const more = problems.length > 1 ? ` So it is with ${problems.length - 1} more.` : '';
      return { ok: false, reason: first.reason, message: `${first.message}${more}` };
    }
    const unknown = chats.filter((chat) => this.#required.get(chat) === 'passing');
    if (unknown.length > 0) {
      const message = `Telegram has not told yet whether the bot may see who is in ${listOf(unknown)}.`;
      return { ok: false, reason: 'NotChecked', message };
    }
    return { ok: true, reason: 'Ready', message: `Who is in ${listOf(chats)} may write.` };
  }

  #ofRequired(chats: readonly string[]): Problem[] {
    return chats.flatMap((chat) => {
      const fault = this.#required.get(chat);
      if (!fault || fault === 'passing') return [];
      const closed = this.#gates.some((gate) => gate.chats.includes(chat) && gate.closesOnFailure);
      const meanwhile = closed ? 'nobody is let in' : 'everybody may write';
      return [
        { reason: fault, message: `${REQUIRED_WORDS[fault](chat)} Until then ${meanwhile}.` },
      ];
    });
  }

  #ofGroups(): Problem[] {
    return [...this.#groups.values()].map(({ name: { id, title }, fault }) => ({
      reason: fault,
      message: GROUP_WORDS[fault](`"${title.slice(0, MAX_TITLE_CHARACTERS)}" (${id})`),
    }));
  }
}

interface Problem {
  readonly reason: GateFault;
  readonly message: string;
}

type Words = Readonly<Record<GateFault, (chat: string) => string>>;

const REQUIRED_WORDS: Words = {
  NotAdministrator: (chat) =>
    `The bot may not see who is in ${chat}: make it an administrator there.`,
  ChatNotFound: (chat) =>
    `There is no chat ${chat}, or the bot was never in it: correct membershipGate.requires, or add the bot there as an administrator.`,
  NotSupergroup: (chat) => `${chat} is no supergroup or channel: make it one.`,
  CheckRefused: (chat) => `Telegram refuses to tell who is in ${chat}; it is asked again.`,
};

/** Messages are short, however many chats there are. */
function listOf(chats: readonly string[]): string {
  const more = chats.length > MAX_LISTED ? ` and ${chats.length - MAX_LISTED} more` : '';
  return `${chats.slice(0, MAX_LISTED).join(', ')}${more}`;
}

const NO_RIGHT = (chat: string): string =>
  `The bot may not restrict members of ${chat}: make it an administrator there with the right to ban users.`;

const GROUP_WORDS: Words = {
  NotAdministrator: NO_RIGHT,
  ChatNotFound: (chat) => `The group ${chat} is gone: take the bot out of it.`,
  NotSupergroup: (chat) =>
    `${chat} is a basic group, in which nobody can be restricted: make it a supergroup, for instance by showing its history to new members.`,
  CheckRefused: NO_RIGHT,
};
