import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { LOG_FILE_LIMITS, LogFile } from '../../src/telemetry/log-file.ts';
import { waitFor } from '../support/wait.ts';

const DAY_MS = 24 * 3_600_000;
const SMALL = { bytes: 1_000, files: 3, days: 90 };

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'log-file-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function open(path: string, limits = SMALL, clock = new AdjustableClock({ base: systemClock })) {
  const trouble: string[] = [];
  const onTrouble = (words: string) => void trouble.push(words);
  return { opened: LogFile.open({ path, limits, clock, onTrouble }), trouble, clock };
}

const line = (index: number): string => `${JSON.stringify({ index, text: 'x'.repeat(70) })}\n`;

test('files are of bounded size and number, and the newest lines are in them, none twice', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'logs', 'bots.log');
  const file = await open(path).opened;
  for (let index = 0; index < 200; index++) {
    file.write(line(index));
    // As lines come: not all at once.
    if (index % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await file[Symbol.asyncDispose]();
  const names = (await readdir(join(folder, 'logs'))).toSorted();
  expect(names).toEqual(['bots.log', 'bots.log.1', 'bots.log.2']);
  const texts = await Promise.all(
    names.toReversed().map((name) => readFile(join(folder, 'logs', name), 'utf8')),
  );
  const indexes = texts
    .join('')
    .trimEnd()
    .split('\n')
    .map((text) => (JSON.parse(text) as { index: number }).index);
  const first = indexes[0] ?? 0;
  expect(indexes).toEqual(Array.from({ length: 200 - first }, (_, index) => first + index));
});

test('a file that is there is gone on with', async () => {
  const path = join(await makeFolder(), 'bots.log');
  for (const index of [1, 2]) {
    const file = await open(path).opened;
    file.write(line(index));
    await file[Symbol.asyncDispose]();
  }
  expect(await readFile(path, 'utf8')).toBe(line(1) + line(2));
});

test('what is too old goes: at the start, and while it runs; and nothing else', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'bots.log');
  const make = async (name: string, days: number): Promise<void> => {
    await writeFile(join(folder, name), name);
    const at = (Date.now() - days * DAY_MS) / 1_000;
    await utimes(join(folder, name), at, at);
  };
  await make('bots.log.1', 89);
  await make('bots.log.2', 91);
  await make('other.log.1', 91);
  await make('bots.log.old', 91);
  const { opened, clock } = open(path);
  const file = await opened;
  const names = async () => (await readdir(folder)).toSorted();
  expect(await names()).toEqual(['bots.log', 'bots.log.1', 'bots.log.old', 'other.log.1']);
  await clock.advanceAsync(2 * DAY_MS);
  await waitFor('the removal', async () => !(await names()).includes('bots.log.1'));
  await file[Symbol.asyncDispose]();
});

test('a place that can not be written is refused in words', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'bots.log'));
  await expect(open(join(folder, 'bots.log')).opened).rejects.toThrow(
    "bots.log can't be written (EISDIR)",
  );
});

test('trouble later is told once, harms nobody, and is over when it is over', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'logs', 'bots.log');
  const { opened, trouble, clock } = open(path);
  const file = await opened;
  await rm(join(folder, 'logs'), { recursive: true });
  await writeFile(join(folder, 'logs'), 'in the way');
  file.write(line(1));
  await waitFor('the trouble', () => trouble.length > 0);
  file.write(line(2));
  expect(trouble).toEqual([expect.stringContaining("can't be written to the log file")]);
  await rm(join(folder, 'logs'));
  await clock.advanceAsync(10_000);
  file.write(line(3));
  await waitFor('its end', () => trouble.length > 1);
  await file[Symbol.asyncDispose]();
  expect(await readFile(path, 'utf8')).toContain(line(3));
});

test('the limits are ten files of 50 MB and 90 days', () => {
  expect(LOG_FILE_LIMITS).toEqual({ bytes: 52_428_800, files: 10, days: 90 });
});
