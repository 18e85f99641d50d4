import type { Random } from '../lib/random.ts';

/** What goes wrong. `when` says whether the call has taken effect by then. */
export type FaultEffect =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly description?: string | undefined;
      readonly retryAfterSeconds?: number | string | undefined;
    }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  | { readonly kind: 'hang'; readonly when: 'before' | 'after' }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'html'; readonly status: number }
  | { readonly kind: 'empty'; readonly status: number }
  | { readonly kind: 'not-ok'; readonly description: string };

/** A fault and the calls that meet it. */
export interface NewFault {
  /** Any bot where undefined. */
  readonly botId?: number | undefined;
  /** Any method where undefined. */
  readonly method?: string | undefined;
  /** Any chat where undefined. */
  readonly chatId?: number | undefined;
  /** The share of matching calls that meet it, 0 to 1. */
  readonly share: number;
  /** How many calls meet it before it is used up; undefined for no end. */
  readonly count?: number | undefined;
  readonly effect: FaultEffect;
}

/** A fault that is in force. */
export interface Fault extends NewFault {
  readonly id: number;
  /** How many calls have met it. */
  readonly hits: number;
}

/** A call that may meet a fault. */
export interface FaultyCall {
  readonly botId: number;
  /** In lower case. */
  readonly method: string;
  /** As the call gives it, `''` where it gives none. */
  readonly chatId: string;
}

/** What one call meets: a delay first, then at most one other effect. */
export interface FaultPlan {
  readonly delayMs: number;
  readonly effect: Exclude<FaultEffect, { kind: 'delay' }> | undefined;
  /** For the ledger. */
  readonly label: string | undefined;
}

const NO_FAULT: FaultPlan = { delayMs: 0, effect: undefined, label: undefined };
const MAX_FAULTS = 10_000;

/** The faults in force. Chance comes from one seeded source, so that a run can be repeated. */
export class Faults {
  readonly #random: Random;
  readonly #faults = new Map<number, Fault & { hits: number }>();
  #nextId = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Undefined when there are too many already. */
  add(fault: NewFault): Fault | undefined {
    if (this.#faults.size >= MAX_FAULTS) return undefined;
    const added = { ...fault, id: this.#nextId++, hits: 0 };
    this.#faults.set(added.id, added);
    return added;
  }

  remove(id: number): boolean {
    return this.#faults.delete(id);
  }

  clear(): void {
    this.#faults.clear();
  }

  list(): Fault[] {
    return [...this.#faults.values()];
  }

  /** What `call` meets; uses up the counts of the faults that it meets. */
  plan(call: FaultyCall): FaultPlan {
    if (this.#faults.size === 0) return NO_FAULT;
    let delayMs = 0;
    for (const fault of this.#faults.values()) {
      if (!concerns(fault, call) || !this.#strikes(fault)) continue;
      if (fault.effect.kind !== 'delay') {
        return { delayMs, effect: fault.effect, label: fault.effect.kind };
      }
      delayMs += fault.effect.delayMs;
    }
    return { delayMs, effect: undefined, label: delayMs > 0 ? 'delay' : undefined };
  }

  #strikes(fault: Fault & { hits: number }): boolean {
    if (fault.share < 1 && this.#random() >= fault.share) return false;
    fault.hits++;
    if (fault.count !== undefined && fault.hits >= fault.count) this.#faults.delete(fault.id);
    return true;
  }
}

function concerns(fault: Fault, { botId, method, chatId }: FaultyCall): boolean {
  if (fault.botId !== undefined && fault.botId !== botId) return false;
  if (fault.chatId !== undefined && String(fault.chatId) !== chatId) return false;
  return fault.method === undefined || fault.method.toLowerCase() === method;
}
