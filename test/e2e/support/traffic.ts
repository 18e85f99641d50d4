import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { CallView, EmulatorClient, UpdateView } from '../../../src/emulator/control-client.ts';
import { waitFor } from '../../support/wait.ts';

/** `spec` of bots that {@link Traffic} can talk to. */
export const ECHO = { handlers: [{ command: { name: 'echo', reply: { text: 'echo {args}' } } }] };

/** What became of all that was said. */
export interface TrafficReport {
  readonly said: number;
  /** Said, and never answered or never confirmed. */
  readonly lost: number;
  /** Answers beyond one for each word. */
  readonly doubled: number;
  /** The longest time from a word to its answer. */
  readonly slowestMs: number;
}

interface Word {
  readonly bot: number;
  readonly text: string;
  readonly updateId: number;
}

/** Enough for no chat to get more than a message a second, which is all that Telegram allows. */
const USERS = 40;

/** How people talk. */
export interface TrafficOptions {
  /** After each word. */
  readonly pauseMs: number;
  /** How many talk at a time; one unless given. */
  readonly talkers?: number;
  /** Which bot the word after `said` others is for, by its place; one after another unless given. */
  readonly next?: (said: number) => number;
}

/** Some people who talk to bots, to one after another, and hear what they answer. */
export class Traffic {
  readonly #emulator: EmulatorClient;
  readonly #bots: readonly number[];
  readonly #options: TrafficOptions;
  readonly #words: Word[] = [];
  #said = 0;
  readonly #stop = new AbortController();
  readonly #talk: Promise<void>;

  /** Begins to talk. The bots must be {@link ECHO}s. */
  constructor(emulator: EmulatorClient, bots: readonly number[], options: TrafficOptions) {
    this.#emulator = emulator;
    this.#bots = bots;
    this.#options = options;
    this.#talk = this.#talkOn();
    // Told by `report`.
    this.#talk.catch(() => undefined);
  }

  /** How many words have been said. */
  get said(): number {
    return this.#words.length;
  }

  /** Resolves when so many more words have been said. */
  async more(words: number): Promise<void> {
    const enough = this.#words.length + words;
    const timeoutMs = 10_000 + 10 * words * this.#options.pauseMs;
    await waitFor(`${words} words`, () => this.#words.length >= enough, { timeoutMs });
  }

  /** Ends the talk, whatever becomes of what was said. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#talk;
  }

  /** Ends the talk, and resolves when all is answered or is taken to be lost. */
  async report(): Promise<TrafficReport> {
    await this.end();
    const isWhole = async () => (await this.#look()).lost === 0;
    await waitFor('the last answers', isWhole, { timeoutMs: 30_000, intervalMs: 200 }).catch(
      () => undefined,
    );
    return this.#look();
  }

  async #talkOn(): Promise<void> {
    const { talkers = 1 } = this.#options;
    const users: number[] = [];
    for (let index = 0; index < USERS; index++) {
      const username = `talker_${index}`;
      users.push((await this.#emulator.createUser({ firstName: 'Tom', username })).id);
    }
    const talk = randomUUID().slice(0, 8);
    await Promise.all(Array.from({ length: talkers }, () => this.#talkAlone(talk, users)));
  }

  async #talkAlone(talk: string, users: readonly number[]): Promise<void> {
    const { pauseMs, next = (said) => said % this.#bots.length } = this.#options;
    while (!this.#stop.signal.aborted) {
      const n = this.#said++;
      const bot = this.#bots[next(n)] ?? 0;
      const from = users[Math.floor(n / this.#bots.length) % users.length] ?? 0;
      const sent = await this.#emulator.sendText({ bot, from, text: `/echo ${talk} ${n}` });
      this.#words.push({ bot, text: `echo ${talk} ${n}`, updateId: sent.updateId ?? 0 });
      await setTimeout(pauseMs);
    }
  }

  async #look(): Promise<TrafficReport> {
    const all = { limit: 100_000 };
    const found = await Promise.all(
      this.#bots.map(async (bot) => ({
        bot,
        updates: await this.#emulator.updates({ bot, ...all }),
        answers: await this.#emulator.calls({ bot, method: 'sendMessage', ...all }),
      })),
    );
    const updates = new Map(found.map((of) => [of.bot, byId(of.updates)]));
    const answers = new Map(found.map((of) => [of.bot, byText(of.answers)]));
    const ends = this.#words.map(({ bot, text, updateId }) => ({
      update: updates.get(bot)?.get(updateId),
      told: answers.get(bot)?.get(text) ?? [],
    }));
    const waits = ends.map(({ update, told: [first] }) =>
      update && first ? first.startedAtMs - update.createdAtMs : 0,
    );
    return {
      said: ends.length,
      lost: ends.filter(({ update, told }) => update?.fate !== 'confirmed' || !told[0]).length,
      doubled: ends.reduce((sum, { told }) => sum + Math.max(0, told.length - 1), 0),
      slowestMs: Math.max(...waits),
    };
  }
}

function byId(updates: readonly UpdateView[]): Map<number, UpdateView> {
  return new Map(updates.map((update) => [update.updateId, update]));
}

/** What has reached the chat, whatever became of the call's answer. */
function byText(calls: readonly CallView[]): Map<string, CallView[]> {
  const arrived = calls.filter(({ outcome }) => outcome?.ok);
  return Map.groupBy(arrived, ({ parameters }) => parameters['text'] ?? '');
}
