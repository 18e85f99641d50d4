import { randomUUID } from 'node:crypto';
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

/** Some people who talk to bots, to one after another, and hear what they answer. */
export class Traffic {
  readonly #emulator: EmulatorClient;
  readonly #bots: readonly number[];
  readonly #pauseMs: number;
  readonly #words: Word[] = [];
  readonly #stop = new AbortController();
  readonly #talk: Promise<void>;

  /** Begins to talk, with a pause after each word. The bots must be {@link ECHO}s. */
  constructor(emulator: EmulatorClient, bots: readonly number[], pauseMs: number) {
    this.#emulator = emulator;
    this.#bots = bots;
    this.#pauseMs = pauseMs;
    this.#talk = this.#talkOn();
    // Told by `report`.
    this.#talk.catch(() => undefined);
  }

  /** Resolves when so many more words have been said. */
  async more(words: number): Promise<void> {
    const enough = this.#words.length + words;
    const timeoutMs = 10_000 + 10 * words * this.#pauseMs;
    await waitFor(`${words} words`, () => this.#words.length >= enough, { timeoutMs });
  }

  /** Ends the talk, and resolves when all is answered or is taken to be lost. */
  async report(): Promise<TrafficReport> {
    this.#stop.abort();
    await this.#talk;
    const isWhole = async () => (await this.#look()).lost === 0;
    await waitFor('the last answers', isWhole, { timeoutMs: 30_000, intervalMs: 200 }).catch(
      () => undefined,
    );
    return this.#look();
  }

  async #talkOn(): Promise<void> {
    const users: number[] = [];
    for (let index = 0; index < USERS; index++) {
      const username = `talker_${index}`;
      users.push((await this.#emulator.createUser({ firstName: 'Tom', username })).id);
    }
    const talk = randomUUID().slice(0, 8);
    for (let n = 0; !this.#stop.signal.aborted; n++) {
      const bot = this.#bots[n % this.#bots.length] ?? 0;
      const from = users[Math.floor(n / this.#bots.length) % USERS] ?? 0;
      const sent = await this.#emulator.sendText({ bot, from, text: `/echo ${talk} ${n}` });
      this.#words.push({ bot, text: `echo ${talk} ${n}`, updateId: sent.updateId ?? 0 });
      await new Promise((resolve) => {
        setTimeout(resolve, this.#pauseMs);
      });
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
