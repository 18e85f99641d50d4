/**
 * An emulator, its bots' users and a slow service in one process, so that one clock tells when an
 * update was there and when its reply came, to the microsecond. See {@link StageRequest}.
 */
import type { Bot } from '../../../src/emulator/bot.ts';
import { EmulatorClient } from '../../../src/emulator/control-client.ts';
import { type RunningEmulator, startEmulator } from '../../../src/emulator/emulator.ts';
import type { TgUser } from '../../../src/emulator/telegram-types.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { answerParent } from '../../support/answering.ts';
import type { HostedBot } from '../../support/assignments.ts';
import { startForwardService } from '../../support/forward-service.ts';
import { waitFor } from '../../support/wait.ts';
import { type AnswerTimes, answerTimes } from './answers.ts';
import { beginLoad, type ProcessLoad } from './load.ts';
import { type Deed, follow } from './schedule.ts';
import { greet, HELLO, TOXIC, type Toxicity } from './toxic.ts';

/** What the stage is asked for. */
export type StageRequest =
  /** Begins anew with so many bots of each kind; answered with a {@link Scene}. */
  | { readonly kind: 'set'; readonly healthy: number; readonly toxic: number }
  /** Answered once all bots poll, and the toxic ones have begun to be so. */
  | { readonly kind: 'begin' }
  /** Messages come to all bots for so long; answered with a {@link Answers}. */
  | { readonly kind: 'play'; readonly seconds: number; readonly perSecond: number };

/** Where the bots are to be hosted. */
export interface Scene {
  readonly apiRoot: string;
  readonly bots: readonly HostedBot[];
}

/** What was seen of the healthy bots' answers. */
export interface Answers extends AnswerTimes {
  readonly load: ProcessLoad;
}

interface Cast {
  readonly emulator: RunningEmulator;
  readonly healthy: readonly Bot[];
  readonly toxic: readonly { readonly bot: Bot; readonly toxicity: Toxicity }[];
  readonly users: readonly TgUser[];
}

/** So many that none of them gets more than a message a second from one bot. */
const USERS = 100;
/** Longer than a user waits, shorter than a forward may take. */
const SLOW_ANSWER_MS = 8_000;
const PATIENCE_MS = 60_000;
const SEED = 1;

/** Time with fractions of a millisecond. */
const clock = { ...systemClock, wallMs: () => performance.timeOrigin + performance.now() };
const service = await startForwardService((_path, _update, respond) => {
  setTimeout(() => respond(200), SLOW_ANSWER_MS).unref();
});
let cast: Cast | undefined;
answerParent(async (request: StageRequest) => {
  if (request.kind === 'set') return set(request.healthy, request.toxic);
  if (!cast) throw new Error('nothing is set');
  switch (request.kind) {
    case 'begin':
      return begin(cast);
    case 'play':
      return play(cast, request);
    default:
      return request satisfies never;
  }
});

async function set(healthyCount: number, toxicCount: number): Promise<Scene> {
  await cast?.emulator.close();
  const emulator = await startEmulator({ clock });
  const { world, apiRoot } = emulator;
  const hosted: HostedBot[] = [];
  const add = (handlers: HostedBot['handlers']): Bot => {
    const { bot, token } = world.createBot({});
    hosted.push({ name: `bench-${hosted.length}`, token, handlers });
    return bot;
  };
  const toxic = Array.from({ length: toxicCount }, (_, index) => {
    const toxicity = TOXIC[index % TOXIC.length] as Toxicity;
    return { bot: add(toxicity.handlers?.(service.url) ?? HELLO), toxicity };
  });
  const healthy = Array.from({ length: healthyCount }, () => add(HELLO));
  const users = Array.from({ length: USERS }, () => world.createUser({ firstName: 'Ada' }));
  cast = { emulator, healthy, toxic, users };
  return { apiRoot, bots: hosted };
}

async function begin({ emulator, healthy, toxic }: Cast): Promise<void> {
  const all = [...healthy, ...toxic.map(({ bot }) => bot)];
  await waitFor('polls of all bots', () => all.every(({ polls }) => polls.open), {
    timeoutMs: PATIENCE_MS,
  });
  const control = new EmulatorClient(emulator.controlUrl);
  for (const { bot, toxicity } of toxic) await toxicity.begin?.(control, bot);
}

async function play(
  { emulator: { world }, healthy, toxic, users }: Cast,
  { seconds, perSecond }: Extract<StageRequest, { kind: 'play' }>,
): Promise<Answers> {
  const [firstUser] = users as [TgUser];
  const deeds: Deed[] = [
    ...healthy.map((bot, place) => {
      let turn = place;
      const act = (): void => greet(world, bot, users[turn++ % users.length] ?? firstUser);
      return { everyMs: (1_000 * healthy.length) / perSecond, act };
    }),
    ...toxic.map(({ bot, toxicity }) => ({
      everyMs: toxicity.everyMs,
      act: () => toxicity.act(world, bot, firstUser),
    })),
  ];
  const sinceMs = clock.wallMs();
  const load = beginLoad();
  await follow(deeds, { forMs: seconds * 1_000, random: seededRandom(SEED) });
  const measured = load();
  const ids = new Set(healthy.map(({ id }) => id));
  const times = await waitFor(
    'replies to all messages',
    () => answerTimes(world.ledger, ids, sinceMs),
    { timeoutMs: PATIENCE_MS },
  );
  return { ...times, load: measured };
}
