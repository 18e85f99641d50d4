import { resumeOf } from '../api/bot-recall.ts';
import type { BotKey } from '../api/group.ts';
import type { RuntimeFacts } from '../api/runtime-facts.ts';
import { parseToken } from '../api/token.ts';
import type { BotAssignment, EndedBot } from '../control/port.ts';
import type { BotDeps } from './bot/bot-deps.ts';
import { HostedBot } from './bot/hosted-bot.ts';
import type { LeaveReason } from './bot/withdrawn.ts';

/** A bot as it is to run. */
export interface WantedBot {
  readonly assignment: BotAssignment;
  readonly deps: BotDeps;
}

/** Tells what a bot told of itself, and what it told before. */
export type Publish = (
  assignment: BotAssignment,
  facts: RuntimeFacts,
  before: RuntimeFacts | undefined,
) => void;

interface RunningBot {
  readonly bot: HostedBot;
  readonly as: WantedBot;
  /** It is to stop; resolves when it has drained, and what comes after it has begun. */
  ended?: Promise<void>;
}

/**
 * The place of one bot in a runtime. Brings what runs there in line with what is wanted, however
 * often that changes: the next bot starts only when the one before has drained, so that no bot
 * ever has two pollers.
 */
export class BotSlot {
  readonly #publish: Publish;
  #wanted: WantedBot | undefined;
  #running: RunningBot | undefined;
  /** What the bot that runs here, or did, told last. */
  #told: RuntimeFacts | undefined;
  /** How the bot that ran here before has ended. */
  #last: Pick<EndedBot, 'epoch' | 'offset'> | undefined;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** The bot that runs here, or drains, as `namespace/name`. */
  get key(): BotKey | undefined {
    return this.#running?.as.assignment.key;
  }

  /** What the bot here told last. */
  get told(): RuntimeFacts | undefined {
    return this.#told;
  }

  /** How the last bot that ran here has ended, once it has. */
  get last(): Pick<EndedBot, 'epoch' | 'offset'> | undefined {
    return this.#last;
  }

  /** The bot that runs here, or drains. */
  get bot(): HostedBot | undefined {
    return this.#running?.bot;
  }

  /** Whether nothing runs here. */
  get empty(): boolean {
    return !this.#running;
  }

  /**
   * What is to run here from now on; nothing where undefined. Resolves when a bot that ran here
   * and can't go on in place has drained; `reason` says why it stops.
   */
  async want(wanted: WantedBot | undefined, reason?: LeaveReason): Promise<void> {
    this.#wanted = wanted;
    const running = this.#running;
    if (!running) {
      this.#launch();
    } else if (wanted && canGoOn(running, wanted)) {
      const { bot, as } = running;
      as.deps.boundary.run(bot, () => bot.apply(wanted.assignment));
    } else {
      const { bot, as } = running;
      const stopped = as.deps.boundary.run(bot, () => bot.stop(reason));
      running.ended ??= stopped.then(() => this.#relaunch(bot, as));
      await running.ended;
    }
  }

  #launch(): void {
    const as = this.#wanted;
    if (!as) return;
    const from = goingOn(as.assignment, this.#told, this.#last?.offset);
    const bot = new HostedBot(from, as.deps, (facts) => {
      const before = this.#told;
      this.#told = facts;
      this.#publish(as.assignment, facts, before);
    });
    this.#running = { bot, as };
    as.deps.boundary.run(bot, () => bot.start());
  }

  #relaunch({ offset }: HostedBot, { assignment: { epoch } }: WantedBot): void {
    this.#running = undefined;
    this.#last = { epoch, ...(offset !== undefined && { offset }) };
    this.#launch();
  }
}

/**
 * `assignment`, for a bot that goes on from what was told here last and from the `offset` where it
 * has ended: that is newer than any status. Of its token nothing is known: it, or who is asked about
 * it, is another one.
 */
function goingOn(
  assignment: BotAssignment,
  told: RuntimeFacts | undefined,
  offset: number | undefined,
): BotAssignment {
  const format = parseToken(assignment.token.reveal());
  const known = told && format.ok ? resumeOf(told, format.botId) : undefined;
  if (!known) return assignment;
  const { token: _, ...resume } = known;
  // Ids of updates mean nothing to another bot.
  const isSame = resume.bot !== undefined && offset !== undefined;
  return { ...assignment, resume: { ...resume, ...(isSame && { offset }) } };
}

/** Whether a running bot can become another in place: same owner, same token, same way out. */
function canGoOn({ as, ended }: RunningBot, wanted: WantedBot): boolean {
  return (
    !ended &&
    as.assignment.epoch === wanted.assignment.epoch &&
    as.assignment.token.equals(wanted.assignment.token) &&
    as.deps.transport === wanted.deps.transport
  );
}
