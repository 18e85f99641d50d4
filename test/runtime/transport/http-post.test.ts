import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { createHttpPost, type HttpPostRequest } from '../../../src/runtime/transport/http-post.ts';
import { deadOrigin, hostileServer } from './hostile-server.ts';

const request = (url: string): HttpPostRequest => ({
  url,
  headers: { 'content-type': 'application/json' },
  body: '{"a":1}',
  timeoutMs: 2_000,
  maxBytes: 1_000,
  signal: new AbortController().signal,
});

test('a post reaches path and query of its address, and brings the answer', async () => {
  const posts = createHttpPost(systemClock);
  const urls: (string | undefined)[] = [];
  await using server = await hostileServer((incoming, response) => {
    urls.push(incoming.url);
    incoming.pipe(response.writeHead(201));
  });
  const answer = await posts.post(request(`${server.origin}/hook?bot=1`));
  expect(answer.status).toBe(201);
  expect(urls).toEqual(['/hook?bot=1']);
  expect(answer.body.toString()).toBe('{"a":1}');
  await posts.close();
});

test.each(['down', 'slow'])('a service that is %s is told apart', async (what) => {
  const posts = createHttpPost(systemClock);
  await using server = await hostileServer(() => undefined);
  const url = what === 'down' ? await deadOrigin() : server.origin;
  const fault = what === 'down' ? 'network' : 'timeout';
  await expect(posts.post({ ...request(url), timeoutMs: 100 })).rejects.toMatchObject({ fault });
  await posts.close();
});

test('one service that hangs does not keep another from being asked', async () => {
  const posts = createHttpPost(systemClock);
  await using hanging = await hostileServer(() => undefined);
  await using quick = await hostileServer((_, response) => response.end('ok'));
  const stuck = Array.from({ length: 50 }, () => posts.post(request(hanging.origin)));
  const failures = Promise.allSettled(stuck);
  expect((await posts.post(request(quick.origin))).status).toBe(200);
  await posts.close();
  expect((await failures).every(({ status }) => status === 'rejected')).toBe(true);
});
