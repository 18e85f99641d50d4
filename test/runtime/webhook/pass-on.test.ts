import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { createPassOn } from '../../../src/runtime/webhook/pass-on.ts';
import { type Receipt, WebhookRoutes } from '../../../src/runtime/webhook/webhook-routes.ts';
import { startWebhookServer } from '../../../src/runtime/webhook/webhook-server.ts';

const KEY = 'k'.repeat(32);

interface Shard {
  readonly port: number;
  /** The ids of the updates that came to a bot here. */
  readonly received: number[];
}

/** A shard of three, which finds all others at `peerPort`; has a bot with `key`. */
async function shard(
  ordinal: number,
  { key, peerPort, answer = 'finished' }: { key?: string; peerPort: number; answer?: Receipt },
): Promise<Shard> {
  const received: number[] = [];
  const routes = new WebhookRoutes();
  routes.shards = 3;
  if (key !== undefined) {
    routes.open(key, 'secret', {
      receive: async ({ update_id }) => {
        received.push(update_id);
        return answer;
      },
    });
  }
  const peers = `http://127.0.0.1:${peerPort}`;
  const passOn = createPassOn({ peers, ordinal, shards: () => routes.shards, clock: systemClock });
  const server = await startWebhookServer({ host: '127.0.0.1', port: 0, routes, passOn });
  onTestFinished(async () => {
    await Promise.all([server.close(), passOn.close()]);
  });
  return { port: server.port, received };
}

async function post(port: number, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'x-telegram-bot-api-secret-token': 'secret', ...headers },
    body: '{"update_id":7}',
  });
  return response.status;
}

test('what is for another shard is passed on to it, with the answer on the way back', async () => {
  const taking = await shard(1, { key: KEY, peerPort: 9 });
  const putOff = await shard(1, { key: KEY, peerPort: 9, answer: 'later' });
  const front = await shard(0, { peerPort: taking.port });
  expect(await post(front.port, `/1/${KEY}`)).toBe(200);
  expect(taking.received).toEqual([7]);
  const wrong = { 'x-telegram-bot-api-secret-token': 'wrong' };
  expect(await post(front.port, `/1/${KEY}`, wrong)).toBe(404);
  expect(await post((await shard(0, { peerPort: putOff.port })).port, `/1/${KEY}`)).toBe(503);
});

test('what is here is taken here, whatever shard it was sent to', async () => {
  const front = await shard(0, { key: KEY, peerPort: 9 });
  expect(await post(front.port, `/2/${KEY}`)).toBe(200);
  expect(front.received).toEqual([7]);
});

test('nothing is passed on twice, to oneself, or to a shard that is not there', async () => {
  let asked = 0;
  const peer = createServer((_request, response) => {
    asked++;
    response.end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void peer.close());
  await new Promise((resolve) => {
    peer.once('listening', resolve);
  });
  const front = await shard(0, { peerPort: (peer.address() as AddressInfo).port });
  expect(await post(front.port, `/1/${KEY}`, { 'x-tenantbot-hop': '1' })).toBe(404);
  expect(await post(front.port, `/0/${KEY}`)).toBe(404);
  expect(await post(front.port, `/3/${KEY}`)).toBe(404);
  expect(asked).toBe(0);
  expect(await post(front.port, `/2/${KEY}`)).toBe(200);
  expect(asked).toBe(1);
});

test('a shard that is not there right now has the update sent again', async () => {
  const front = await shard(0, { peerPort: 9 });
  expect(await post(front.port, `/1/${KEY}`)).toBe(503);
});
