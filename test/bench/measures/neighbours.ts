import { join } from 'node:path';
import { type Program, startProgram } from '../../support/program.ts';
import type { Measure } from '../bench.ts';
import { median, quantile, table } from '../figures.ts';
import { twoCores } from '../neighbours/cores.ts';
import type { ProcessLoad } from '../neighbours/load.ts';
import type { RuntimeRequest } from '../neighbours/runtime.ts';
import type { Answers, Scene, StageRequest } from '../neighbours/stage.ts';

const SCRIPTS = join(import.meta.dirname, '../neighbours');
const HEALTHY = 160;
const TOXIC = 40;
/** How many messages the healthy bots get together: one each two seconds. */
const PER_SECOND = 80;
/** Before that, so that code is fast by then, as in a runtime that has run for minutes. */
const WARM_SECONDS = 10;
const WARM_PER_SECOND = 800;

/** What one round showed of one side. */
interface Round extends Answers {
  readonly runtime: ProcessLoad;
}

/** The rounds without and with toxic bots. */
interface Rounds {
  readonly alone: Round[];
  readonly together: Round[];
}

/**
 * How long healthy bots take to answer with a fifth of their runtime's bots toxic, against a run
 * without those. Both get the same messages at the same times; they take turns, each time in a
 * fresh runtime process, on a core that nothing else of the measure uses.
 */
export const neighbours: Measure = async ({ quick, say }) => {
  const count = quick ? 2 : 6;
  const seconds = quick ? 10 : 30;
  const cores = twoCores();
  const [ofStage = [], ofRuntime = []] = cores ?? [];
  await using stage = await startScript('stage.ts', ofStage);
  const rounds: Rounds = { alone: [], together: [] };
  for (let round = 1; round <= count; round++) {
    const sides = [['alone', 0] as const, ['together', TOXIC] as const];
    for (const [side, toxic] of round % 2 === 1 ? sides : sides.toReversed()) {
      say(`round ${round} of ${count}: ${HEALTHY} healthy bots, ${toxic} toxic …`);
      rounds[side].push(await takeRound({ stage, ofRuntime, toxic, seconds }));
    }
  }
  const samples = rounds.alone.reduce((sum, { fromPoll }) => sum + fromPoll.length, 0);
  return [
    `${HEALTHY} healthy bots with ${PER_SECOND} messages a second for ${seconds} s, ${samples} a side; median of ${count} rounds (lowest–highest).`,
    cores
      ? 'The runtime has one core, the emulator and the users have another.'
      : 'There is no taskset or no second core here: runtime, emulator and users share all cores, and the figures hold little.',
    '',
    table(
      ['', 'alone', `with ${TOXIC} toxic ones`, 'ratio'],
      [...timeRows(rounds), ...loadRows(rounds)],
    ),
  ].join('\n');
};

async function takeRound(how: {
  readonly stage: Program;
  readonly ofRuntime: readonly string[];
  readonly toxic: number;
  readonly seconds: number;
}): Promise<Round> {
  const { stage, ofRuntime, toxic, seconds } = how;
  const onStage = <Answer>(request: StageRequest): Promise<Answer> => stage.ask(request);
  const scene = await onStage<Scene>({ kind: 'set', healthy: HEALTHY, toxic });
  await using runtime = await startScript('runtime.ts', ofRuntime);
  const ofRunning = <Answer>(request: RuntimeRequest): Promise<Answer> => runtime.ask(request);
  await ofRunning({ kind: 'host', ...scene });
  await onStage({ kind: 'begin' });
  await onStage({ kind: 'play', seconds: WARM_SECONDS, perSecond: WARM_PER_SECOND });
  await ofRunning({ kind: 'load' });
  const seen = await onStage<Answers>({ kind: 'play', seconds, perSecond: PER_SECOND });
  return { ...seen, runtime: await ofRunning<ProcessLoad>({ kind: 'load' }) };
}

function startScript(name: string, pinned: readonly string[]): Promise<Program> {
  return startProgram([...pinned, process.execPath, join(SCRIPTS, name)]);
}

function timeRows(rounds: Rounds): string[][] {
  const kinds = [
    ['message → reply', 'fromMessage'],
    ['poll answered → reply', 'fromPoll'],
  ] as const;
  return kinds.flatMap(([words, kind]) =>
    [0.5, 0.9, 0.99].map((share) =>
      row(`p${share * 100}, ${words}`, rounds, {
        of: (round) => quantile(round[kind], share),
        show: (ms) => `${ms.toFixed(2)} ms`,
      }),
    ),
  );
}

function loadRows(rounds: Rounds): string[][] {
  const show = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return [
    row('CPU of the runtime', rounds, { of: ({ runtime }) => runtime.cpu, show }),
    row('its event loop busy', rounds, { of: ({ runtime }) => runtime.busy, show }),
    row('its threads interrupted, a second', rounds, {
      of: ({ runtime }) => runtime.preempted,
      show: (times) => times.toFixed(0),
    }),
    row("the emulator's event loop busy", rounds, { of: ({ load }) => load.busy, show }),
  ];
}

function row(
  words: string,
  { alone, together }: Rounds,
  { of, show }: { readonly of: (round: Round) => number; readonly show: (value: number) => string },
): string[] {
  const ratios = together.map((round, index) => of(round) / of(alone[index] as Round));
  const cell = (values: readonly number[], shown: (value: number) => string): string =>
    `${shown(median(values))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`;
  return [
    words,
    cell(alone.map(of), show),
    cell(together.map(of), show),
    cell(ratios, (ratio) => `×${ratio.toFixed(2)}`),
  ];
}
