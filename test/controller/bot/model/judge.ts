import type { Placement } from '../../../../src/api/tenant-bot-status.ts';
import { shardName } from '../../../../src/control/shard-id.ts';
import type { BotJudge, ModelBot } from './model-bot.ts';
import type { RuntimeProcess } from './runtime-process.ts';
import { REASSIGN_MS, type StoredModelBot } from './stored.ts';
import type { Telegram } from './telegram.ts';

/** What there is to judge. */
export interface JudgedWorld {
  readonly telegram: Telegram;
  readonly stored: ReadonlyMap<string, StoredModelBot>;
  readonly processes: Iterable<RuntimeProcess>;
  /** For how long the present leader has led. */
  readonly ledForMs: number;
  /** Whether this is the process that the API server knows of. */
  isKnown(process: RuntimeProcess): boolean;
}

/**
 * The invariants: one owner at a time, whose epoch never goes back; no update lost, and none handled
 * twice but for those that were in doubt when something died; all at rest where it belongs in the
 * end. Throws where one breaks.
 */
export class Judge implements BotJudge {
  readonly counts = { moves: 0, yields: 0, crashes: 0, updates: 0, twice: 0 };
  readonly #world: JudgedWorld;
  readonly #said = new Set<string>();
  /** How often each update was handled. */
  readonly #handled = new Map<string, number>();
  /** Updates that may be handled again. */
  readonly #excused = new Set<string>();
  /** The newest launch of each bot. */
  readonly #launches = new Map<string, ModelBot>();
  /** Bots that have met another poller, and are to give way. */
  readonly #outpolled = new Set<ModelBot>();

  constructor(world: JudgedWorld) {
    this.#world = world;
  }

  said(uid: string, id: number): void {
    this.#said.add(`${uid}/${id}`);
    this.counts.updates++;
  }

  launched(bot: ModelBot): void {
    const { uid, epoch } = bot.assignment;
    const before = this.#launches.get(uid);
    if (before && before.assignment.epoch > epoch) {
      throw new Error(`${describe(bot)} begins after ${describe(before)}: the epoch goes back`);
    }
    for (const other of this.#others(bot)) {
      if (other.process.inContact && !other.isStopping && !this.#isUnforeseen(bot, other)) {
        throw new Error(`${describe(bot)} begins, and ${describe(other)} would not give way`);
      }
      this.excuse(other);
      this.excuse(bot);
    }
    this.#excuseUnheard(bot);
    if (before && before.process.caller.shard !== bot.process.caller.shard) this.counts.moves++;
    this.#launches.set(uid, bot);
  }

  /** Of those that have ended before, nobody may have heard where. */
  #excuseUnheard({ uid, process: host }: ModelBot): void {
    for (const process of this.#world.processes) {
      if (process.isTold || process === host) continue;
      for (const other of process.untold) if (other.uid === uid) this.excuse(other);
    }
  }

  polls(bot: ModelBot): void {
    if (this.#outpolled.has(bot)) throw new Error(`${describe(bot)} fights a newer owner`);
    for (const other of this.#others(bot)) this.excuse(other);
  }

  given(bot: ModelBot, ids: readonly number[]): void {
    const isOwner = this.#world.stored.get(bot.uid)?.placement?.epoch === bot.assignment.epoch;
    const isNewest = this.#launches.get(bot.uid) === bot;
    // Whoever was lost, and does not know yet, handles what the next owner will.
    if (!isOwner || !isNewest) for (const id of ids) this.#excused.add(`${bot.uid}/${id}`);
    for (const other of this.#others(bot)) {
      for (const id of ids) if (other.given.has(id)) this.#excused.add(`${bot.uid}/${id}`);
    }
  }

  conflict(bot: ModelBot): void {
    // In contact it could not know better: that it was so is judged where the next one begins.
    if (bot.process.inContact) return;
    this.#outpolled.add(bot);
    this.counts.yields++;
  }

  handled(bot: ModelBot, id: number): void {
    const name = `${bot.uid}/${id}`;
    const times = (this.#handled.get(name) ?? 0) + 1;
    this.#handled.set(name, times);
    if (times === 1) return;
    this.counts.twice++;
    if (!this.#excused.has(name)) throw new Error(`${describe(bot)} handles ${name} again`);
  }

  /** What this bot was given and has not confirmed may be handled again. */
  excuse(bot: ModelBot): void {
    for (const id of this.#world.telegram.waiting(bot.uid)) {
      if (bot.given.has(id)) this.#excused.add(`${bot.uid}/${id}`);
    }
  }

  /** It gets another owner, and whoever runs it still, or could not tell where it ended, was lost. */
  excuseAll(uid: string): void {
    for (const process of this.#world.processes) {
      const bot = process.bots.get(uid);
      if (bot) this.excuse(bot);
      if (process.isTold) continue;
      for (const other of process.untold) if (other.uid === uid) this.excuse(other);
    }
  }

  /** What is to hold when all faults are over and everything has come to rest. */
  checkAtRest(): void {
    for (const stored of this.#world.stored.values()) {
      const { uid, wanted, fleet, placement } = stored;
      this.#checkUpdates(stored);
      const running = [...this.#world.processes]
        // What nobody knows of any more ends a bot only where another one takes it over.
        .filter((process) => wanted || this.#world.isKnown(process))
        .flatMap((process) => process.bots.get(uid) ?? []);
      const where = running.map(describe).join(', ') || 'nowhere';
      if (running.length !== (wanted ? 1 : 0)) throw new Error(`${uid} runs ${where}`);
      const [bot] = running;
      if (!bot) continue;
      const { shard } = bot.process.caller;
      const isPlaced =
        shard.fleet === fleet &&
        placement?.fleet === fleet &&
        placement.shard === shard.ordinal &&
        placement.epoch === bot.assignment.epoch;
      if (!isPlaced) throw new Error(`${uid} runs ${where}, placed ${JSON.stringify(placement)}`);
    }
  }

  #checkUpdates({ uid, wanted }: StoredModelBot): void {
    if (!wanted)
      for (const id of this.#world.telegram.waiting(uid)) this.#handled.set(`${uid}/${id}`, 1);
    for (const name of this.#said) {
      if (name.startsWith(uid) && !this.#handled.has(name)) throw new Error(`${name} is lost`);
    }
  }

  /** Who is named next while another one has the bot must know that one to be out of contact. */
  checkFree({ uid, placement: before }: StoredModelBot, after: Placement | undefined): void {
    if (after?.epoch === before?.epoch) return;
    for (const process of this.#world.processes) {
      const bot = process.bots.get(uid);
      const isOwner = bot?.assignment.epoch === before?.epoch;
      if (bot && isOwner && process.inContact && this.#world.ledForMs > REASSIGN_MS) {
        throw new Error(`${JSON.stringify(after)} follows ${describe(bot)}, which has not ended`);
      }
    }
  }

  checkEpoch({ uid, placement: before }: StoredModelBot, after: Placement | undefined): void {
    // What was written by one that was stopped at that moment is nobody's place yet.
    const given = this.#launches.get(uid)?.assignment.epoch ?? 0;
    if (!before || !after || before.epoch > given) return;
    const moves = before.shard !== after.shard || before.fleet !== after.fleet;
    if (after.epoch < before.epoch || (moves && after.epoch === before.epoch)) {
      throw new Error(`from ${JSON.stringify(before)} to ${JSON.stringify(after)}`);
    }
  }

  /**
   * The one hole that is known (docs/ownership.md): a pod is deleted by force within seconds of a
   * change of leader, and the next leader has never heard of the process that lives on.
   */
  #isUnforeseen(bot: ModelBot, other: ModelBot): boolean {
    const isSucceeded = bot.process.caller.shard === other.process.caller.shard;
    return isSucceeded && this.#world.ledForMs < REASSIGN_MS;
  }

  /** The same bot in other processes. */
  *#others(bot: ModelBot): Generator<ModelBot> {
    for (const process of this.#world.processes) {
      const other = process.bots.get(bot.uid);
      if (other && other !== bot && process !== bot.process) yield other;
    }
  }
}

function describe({ assignment, process }: ModelBot): string {
  const { shard, podUid } = process.caller;
  return `${assignment.uid}@${assignment.epoch} on ${shardName(shard)} (${podUid})`;
}
