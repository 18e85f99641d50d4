import { expect, test } from 'vitest';
import type { BotObject } from '../../../src/admin/backend.ts';
import { LogRing } from '../../../src/standalone/admin-api/log-ring.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { botObject } from '../../admin/support/memory-backend.ts';
import { tokenOf } from '../support.ts';

const ONE: BotObject = botObject('blue/one');
const TWO: BotObject = botObject('blue/two');
const done = AbortSignal.abort();

async function lines(ring: LogRing, bot: BotObject, tail = 1_000): Promise<string[]> {
  const found: string[] = [];
  await ring.read(bot, { tail, follow: false }, (line) => found.push(line), done);
  return found;
}

test('the last lines of each bot are kept, as JSON and without tokens, whatever the format', async () => {
  const ring = new LogRing();
  const log = createLog({
    level: 'info',
    format: 'text',
    destination: { write: () => undefined },
    onLine: (line) => ring.add(line),
  });
  log.info('of nobody');
  log.child({ bot: 'blue/one' }).info(`with ${tokenOf(7)}`);
  log.child({ bot: 'blue/two' }).info('of the other');
  expect((await lines(ring, ONE)).map((line) => JSON.parse(line) as object)).toMatchObject([
    { bot: 'blue/one', msg: 'with [secret]' },
  ]);
});

test('no more than so many lines and bots are kept', async () => {
  const ring = new LogRing();
  for (let count = 0; count < 1_000; count++) ring.add(`{"bot":"blue/one","count":${count}}\n`);
  expect(await lines(ring, ONE)).toHaveLength(200);
  expect(await lines(ring, ONE, 1)).toEqual(['{"bot":"blue/one","count":999}']);
  expect(await lines(ring, ONE, 0)).toEqual([]);
  for (let count = 0; count < 300; count++) ring.add(`{"bot":"red/${count}"}`);
  expect(await lines(ring, ONE)).toEqual([]);
});

test('who follows hears of its bot alone, until it has gone', async () => {
  const ring = new LogRing();
  const gone = new AbortController();
  const heard: string[] = [];
  const reading = ring.read(
    TWO,
    { tail: 10, follow: true },
    (line) => heard.push(line),
    gone.signal,
  );
  ring.add('{"bot":"blue/one"}');
  ring.add('{"bot":"blue/two"}');
  gone.abort();
  await reading;
  ring.add('{"bot":"blue/two","late":true}');
  expect(heard).toEqual(['{"bot":"blue/two"}']);
});
