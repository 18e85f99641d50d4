import type { RuntimeFacts } from '../api/runtime-facts.ts';
import type { BotAssignment } from '../control/port.ts';
import type { BotDeps } from './bot/bot-deps.ts';
import { HostedBot } from './bot/hosted-bot.ts';

/** A bot as it is to run. */
export interface WantedBot {
  readonly assignment: BotAssignment;
  readonly deps: BotDeps;
}

interface RunningBot {
  readonly bot: HostedBot;
  readonly as: WantedBot;
  readonly stop: AbortController;
  /** Resolves when the bot has drained. */
  readonly ended: Promise<void>;
}

/**
 * The place of one bot in a runtime. Brings what runs there in line with what is wanted, however
 * often that changes: the next bot starts only when the one before has drained, so that no bot
 * ever has two pollers.
 */
export class BotSlot {
  readonly #publish: (assignment: BotAssignment, facts: RuntimeFacts) => void;
  #wanted: WantedBot | undefined;
  #running: RunningBot | undefined;

  constructor(publish: (assignment: BotAssignment, facts: RuntimeFacts) => void) {
    this.#publish = publish;
  }

  /** Whether nothing runs here. */
  get empty(): boolean {
    return !this.#running;
  }

  /**
   * What is to run here from now on; nothing where undefined. Resolves when a bot that ran here
   * and can't go on in place has drained.
   */
  async want(wanted: WantedBot | undefined): Promise<void> {
    this.#wanted = wanted;
    const running = this.#running;
    if (!running) {
      this.#launch();
    } else if (wanted && canGoOn(running, wanted)) {
      running.bot.apply(wanted.assignment);
    } else {
      running.stop.abort();
      await running.ended;
    }
  }

  #launch(): void {
    const as = this.#wanted;
    if (!as) return;
    const stop = new AbortController();
    const bot = new HostedBot(as.assignment, as.deps, (facts) =>
      this.#publish(as.assignment, facts),
    );
    this.#running = { bot, as, stop, ended: this.#run(bot, stop.signal) };
  }

  async #run(bot: HostedBot, signal: AbortSignal): Promise<void> {
    await bot.start(signal);
    this.#running = undefined;
    this.#launch();
  }
}

/** Whether a running bot can become another in place: same owner, same token, same way out. */
function canGoOn({ as, stop }: RunningBot, wanted: WantedBot): boolean {
  return (
    !stop.signal.aborted &&
    as.assignment.epoch === wanted.assignment.epoch &&
    as.assignment.token.equals(wanted.assignment.token) &&
    as.deps.transport === wanted.deps.transport
  );
}
