import type { RuntimeFacts } from '../../src/api/runtime-facts.ts';
import type {
  BotReport,
  ControlPort,
  EndedBot,
  GrantHolder,
  ShardAssignment,
} from '../../src/control/port.ts';
import { wholeGrant } from '../../src/control/whole-grant.ts';

/** A control port that a test holds in its hand. */
export class MemoryPort implements ControlPort {
  /** The latest report of each bot, by uid. */
  readonly facts = new Map<string, RuntimeFacts>();
  /** Bots that have ended, the oldest first. */
  readonly gone: EndedBot[] = [];
  /** uids of the bots that the runtime gave up by itself. */
  readonly yielded: string[] = [];
  /** Whether whoever steers is heard. */
  contact = true;
  #assignment: ShardAssignment | undefined;
  #holder: GrantHolder | undefined;
  #grants = 0;
  #changed = Promise.withResolvers<void>();

  /** Replaces the assignment. */
  assign(assignment: ShardAssignment): void {
    this.#assignment = assignment;
    this.#holder?.grant(wholeGrant(assignment.fleet.rateLimits, ++this.#grants), 0);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async *assignments(signal: AbortSignal): AsyncGenerator<ShardAssignment> {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      if (this.#assignment) yield this.#assignment;
      await Promise.race([changed, aborted]);
    }
  }

  connect(holder: GrantHolder): void {
    this.#holder = holder;
    if (this.#assignment) this.assign(this.#assignment);
  }

  report({ uid, facts }: BotReport): void {
    this.facts.set(uid, facts);
  }

  ended(bot: EndedBot): void {
    this.gone.push(bot);
  }

  inContact(): boolean {
    return this.contact;
  }

  yield(uid: string): void {
    this.yielded.push(uid);
    if (!this.#assignment) return;
    const bots = this.#assignment.bots.filter((bot) => bot.uid !== uid);
    this.assign({ ...this.#assignment, bots });
  }
}
