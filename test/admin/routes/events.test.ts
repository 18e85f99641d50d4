import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { BotObject } from '../../../src/admin/backend.ts';
import type { TenantBotStatus } from '../../../src/api/tenant-bot-status.ts';
import { waitFor } from '../../support/wait.ts';
import { openAdmin } from '../support/admin-world.ts';
import {
  accessOf,
  as,
  botObject,
  MemoryCatalog,
  memoryBackend,
} from '../support/memory-backend.ts';

interface Reader {
  readonly status: number | undefined;
  /** What has come so far. */
  text(): string;
  /** `kind` of the events so far, with the bot. */
  kinds(): readonly string[];
  lastId(): string | undefined;
  hasEnded(): boolean;
  leave(): void;
}

function read(url: string, who: string, lastEventId?: string): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...as(who),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    };
    const sent = request(url, { headers }, (response) => {
      let text = '';
      let ended = false;
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('close', () => (ended = true));
      resolve({
        status: response.statusCode,
        text: () => text,
        kinds: () =>
          Array.from(text.matchAll(/^data: (\{"at".*)$/gm), ([, json = '']) => {
            const { namespace, name, kind } = JSON.parse(json) as Record<string, string>;
            return `${namespace}/${name} ${kind}`;
          }),
        lastId: () => Array.from(text.matchAll(/^id: (.*)$/gm)).at(-1)?.[1],
        hasEnded: () => ended,
        leave: () => void sent.destroy(),
      });
    });
    sent.once('error', reject).end();
    onTestFinished(() => void sent.destroy());
  });
}

const WELL: TenantBotStatus = { phase: 'Running', breaker: { state: 'Closed', failures: 0 } };
const OPEN: TenantBotStatus = { ...WELL, breaker: { state: 'Open', failures: 5 } };

async function open() {
  const bots = new MemoryCatalog<BotObject>([
    botObject('blue/one', WELL),
    botObject('red/two', WELL),
  ]);
  const server = await openAdmin({}, { backend: memoryBackend(bots), access: accessOf() });
  return { bots, server, url: `${server.url}/v1/events` };
}

test('everybody hears of what they may see, and of nothing else', async () => {
  const { bots, url } = await open();
  const operator = await read(url, 'operator');
  const blue = await read(url, 'blue');
  await waitFor('both to begin', () => operator.text() !== '' && blue.text() !== '');
  bots.put(botObject('red/two', OPEN));
  bots.put(botObject('blue/one', OPEN));
  bots.put(botObject('blue/new', {}));
  bots.delete(botObject('blue/new'));
  const ofBlue = ['blue/one breaker', 'blue/new added', 'blue/new deleted'];
  await waitFor('the last event', () => blue.kinds().includes('blue/new deleted'));
  expect(blue.kinds()).toEqual(ofBlue);
  expect(blue.text()).not.toContain('red');
  await waitFor('the last event', () => operator.kinds().includes('blue/new deleted'));
  expect(operator.kinds()).toEqual(['red/two breaker', ...ofBlue]);
  expect((await read(`${url}?namespace=red`, 'blue')).status).toBe(403);
});

test('who was cut off goes on where it was; who was away for too long is told to begin anew', async () => {
  const { bots, url } = await open();
  const first = await read(url, 'operator');
  await waitFor('the begin', () => first.lastId());
  bots.put(botObject('red/two', OPEN));
  await waitFor('an event', () => first.kinds().length === 1);
  first.leave();
  bots.put(botObject('red/two', WELL));
  bots.put(botObject('blue/one', OPEN));
  const second = await read(url, 'operator', first.lastId());
  await waitFor('what was missed', () => second.kinds().length === 2);
  expect(second.kinds()).toEqual(['red/two breaker', 'blue/one breaker']);
  expect(second.text()).toContain('event: begin');
  for (const id of ['of-another-process-3', 'nonsense', '']) {
    const other = await read(url, 'operator', id);
    await waitFor('a begin', () => other.text().includes('event: '));
    expect({ id, isReset: other.text().includes('event: reset') }).toEqual({ id, isReset: true });
  }
  const id = second.lastId();
  for (let count = 0; count < 6_000; count++) {
    bots.put(botObject('red/two', count % 2 === 0 ? OPEN : WELL));
  }
  const late = await read(url, 'operator', id);
  await waitFor('what was missed', () => late.kinds().length === 6_000);
  for (let count = 0; count < 6_000; count++) {
    bots.put(botObject('red/two', count % 2 === 0 ? OPEN : WELL));
  }
  const tooLate = await read(url, 'operator', id);
  await waitFor('a begin', () => tooLate.text().includes('event: reset'));
});

test('one caller has so many streams and no more; those that it left are not counted', async () => {
  const { url } = await open();
  const readers = await Promise.all(Array.from({ length: 100 }, () => read(url, 'blue')));
  expect(new Set(readers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await read(url, 'blue')).status).toBe(429);
  expect((await read(url, 'red')).status).toBe(200);
  readers[0]?.leave();
  await waitFor('room', async () => (await read(url, 'blue')).status === 200);
});

test('the server ends its streams when it closes', async () => {
  const { server, url } = await open();
  const reader = await read(url, 'operator');
  await waitFor('the begin', () => reader.lastId());
  await server.close();
  await waitFor('the end', () => reader.hasEnded());
});
