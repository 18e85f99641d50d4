import { expect, test } from 'vitest';
import { runSchedule } from './model/schedule.ts';

const RUNS = Number(process.env['SIMULATION_RUNS'] ?? 1_000);
const FIRST_SEED = Number(process.env['SIMULATION_SEED'] ?? Date.now() % 1e9);
const FILE = 'test/controller/bot/ownership.model.test.ts';

test('whatever happens, a bot has one owner, loses no update, and comes to rest where it belongs', {
  timeout: 24 * 3_600_000,
}, async () => {
  const counts = { moves: 0, yields: 0, crashes: 0, updates: 0, twice: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const world = await runSchedule(seed).catch((cause: unknown) => {
      const replay = `SIMULATION_RUNS=1 SIMULATION_SEED=${seed} npx vitest run ${FILE}`;
      throw new Error(`${String(cause)}\nreplay: ${replay}`, { cause });
    });
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
      counts[name] += world.judge.counts[name];
    }
  }
  console.log(`${RUNS} schedules from seed ${FIRST_SEED}: ${JSON.stringify(counts)}`);
  expect(counts.moves).toBeGreaterThan(RUNS / 2);
  expect(counts.yields).toBeGreaterThan(RUNS / 100);
});
