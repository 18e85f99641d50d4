import { join } from 'node:path';
import { EmulatorClient, type MadeBot } from '../../../src/emulator/control-client.ts';
import type { HostedBot } from '../../support/assignments.ts';
import type { EmulatorAddresses } from '../../support/emulator-program.ts';
import { type ForwardService, startForwardService } from '../../support/forward-service.ts';
import { type Program, startScript } from '../../support/program.ts';
import type { RuntimeRequest } from '../../support/runtime-program.ts';
import type { Measure } from '../bench.ts';
import { median, quantile, table } from '../figures.ts';
import { HELLO, TOXIC, type ToxicBot, type Toxicity } from '../toxic.ts';

const SUPPORT = join(import.meta.dirname, '../../support');
const BOTS = 200;
const TOXIC_BOTS = 40;
/** How often each healthy bot gets a message. */
const EVERY_MS = 2_000;
const TICK_MS = 20;
const SETTLE_MS = 60_000;

/**
 * How long healthy bots take to answer, from the update to the reply's arrival at the emulator,
 * with a fifth of their runtime's bots toxic, against a run without those. The two take turns, each
 * time in a fresh runtime process.
 */
export const neighbours: Measure = async ({ quick, say }) => {
  const rounds = quick ? 1 : 3;
  const seconds = quick ? 5 : 30;
  await using emulator = await startScript(join(SUPPORT, 'emulator-program.ts'));
  const { apiRoot, controlUrl } = await emulator.ask<EmulatorAddresses>({});
  const control = new EmulatorClient(controlUrl);
  await using service = await startForwardService((_path, _update, respond) => {
    setTimeout(() => respond(200), SLOW_ANSWER_MS).unref();
  });
  const quiet: number[][] = [];
  const noisy: number[][] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [taken, toxic] of [[quiet, 0] as const, [noisy, TOXIC_BOTS] as const]) {
      say(`round ${round} of ${rounds}: ${BOTS - TOXIC_BOTS} healthy bots, ${toxic} toxic …`);
      await control.reset();
      const scene = { control, apiRoot, service, toxic, seconds };
      taken.push(await answerTimes(scene));
    }
  }
  return [
    `${BOTS - TOXIC_BOTS} healthy bots with a message each ${EVERY_MS / 1_000} s for ${seconds} s; median of ${rounds} rounds.`,
    '',
    table(
      ['time to answer', 'alone', `with ${TOXIC_BOTS} toxic ones`, 'ratio'],
      [0.5, 0.99].map((share) => {
        const [alone, together] = [quiet, noisy].map((runs) =>
          median(runs.map((run) => quantile(run, share))),
        ) as [number, number];
        const ratio = (together / alone).toFixed(2);
        return [`p${share * 100}`, `${alone.toFixed(1)} ms`, `${together.toFixed(1)} ms`, ratio];
      }),
    ),
  ].join('\n');
};

/** Longer than a user waits, shorter than a forward may take. */
const SLOW_ANSWER_MS = 8_000;

interface Scene {
  readonly control: EmulatorClient;
  readonly apiRoot: string;
  readonly service: ForwardService;
  /** How many bots are toxic, next to the healthy ones. */
  readonly toxic: number;
  readonly seconds: number;
}

/** Milliseconds from update to reply, of every message to a healthy bot. */
async function answerTimes({
  control,
  apiRoot,
  service,
  toxic,
  seconds,
}: Scene): Promise<number[]> {
  const healthy: MadeBot[] = [];
  const sick: ToxicBot[] = [];
  const hosted: HostedBot[] = [];
  for (let index = 0; index < BOTS - TOXIC_BOTS + toxic; index++) {
    const bot = await control.createBot({ username: `bench${index}_bot` });
    const toxicity: Toxicity | undefined = index < toxic ? TOXIC[index % TOXIC.length] : undefined;
    if (toxicity) sick.push({ bot, toxicity });
    else healthy.push(bot);
    const handlers = toxicity?.handlers?.(service.url) ?? HELLO;
    hosted.push({ name: `bench-${index}`, token: bot.token, handlers });
  }
  await using runtime = await startScript(join(SUPPORT, 'runtime-program.ts'));
  await host(runtime, apiRoot, hosted);
  for (const { username } of [...healthy, ...sick.map(({ bot }) => bot)]) {
    await control.waitFor({ kind: 'polling', bot: username }, { timeoutMs: SETTLE_MS });
  }
  const user = await control.createUser({ firstName: 'Ada' });
  for (const { bot, toxicity } of sick) await toxicity.begin?.(control, bot);
  await drive(seconds, [
    ...healthy.map(({ username }) => ({
      everyMs: EVERY_MS,
      act: () => control.sendText({ bot: username, from: user.id, text: '/start' }),
    })),
    ...sick.map(({ bot, toxicity }) => ({
      everyMs: toxicity.everyMs,
      act: () => toxicity.act(control, bot, user.id),
    })),
  ]);
  for (const { username } of healthy) {
    await control.waitFor({ kind: 'confirmed', bot: username }, { timeoutMs: SETTLE_MS });
  }
  return timesOf(control, new Set(healthy.map(({ id }) => id)));
}

function host(runtime: Program, apiRoot: string, bots: readonly HostedBot[]): Promise<unknown> {
  const request: RuntimeRequest = { kind: 'host', apiRoot, bots };
  return runtime.ask(request);
}

interface Deed {
  readonly everyMs: number;
  readonly act: () => Promise<unknown>;
}

/** Does each deed at its pace, spread evenly, and waits for the last ones. */
async function drive(seconds: number, deeds: readonly Deed[]): Promise<void> {
  const under: Promise<unknown>[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const due = deeds.map(({ everyMs }, index) => startMs + (index / deeds.length) * everyMs);
  for (let nowMs = startMs; nowMs < endMs; nowMs = performance.now()) {
    deeds.forEach(({ everyMs, act }, index) => {
      for (; (due[index] ?? endMs) <= nowMs; due[index] = (due[index] ?? endMs) + everyMs) {
        under.push(act());
      }
    });
    await new Promise((resolve) => {
      setTimeout(resolve, TICK_MS);
    });
  }
  await Promise.all(under);
}

/** A bot's only user is answered in order, so that its n-th reply answers its n-th update. */
async function timesOf(control: EmulatorClient, bots: ReadonlySet<number>): Promise<number[]> {
  const replies = new Map<number, number[]>();
  for (const call of await control.calls({ method: 'sendMessage', limit: 100_000 })) {
    if (!call.bot || !bots.has(call.bot.id)) continue;
    const times = replies.get(call.bot.id) ?? [];
    times.push(call.startedAtMs);
    replies.set(call.bot.id, times);
  }
  const times: number[] = [];
  for (const { bot, createdAtMs } of await control.updates({ limit: 100_000 })) {
    const repliedAtMs = replies.get(bot.id)?.shift();
    if (repliedAtMs !== undefined) times.push(repliedAtMs - createdAtMs);
  }
  return times;
}
