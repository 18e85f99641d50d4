import { expect, test } from 'vitest';
import { type Counters, memoryCounters } from '../../src/admin/limits/counters.ts';
import { InsuredCounters } from '../../src/admin/limits/insured-counters.ts';
import { DEFAULT_LIMITS, parseLimits } from '../../src/admin/limits/limit-classes.ts';
import { Limits } from '../../src/admin/limits/limits.ts';
import { isWithin, parseNetwork, peerOf } from '../../src/admin/limits/networks.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { makeLog } from '../standalone/support.ts';
import { openAdmin } from './support/admin-world.ts';

const FEW = parseLimits('reads=3/1h,login=2/1h,refusals=2/1h');

function limitsOf({ counters = memoryCounters(FEW), unlimited = [] as readonly string[] }) {
  return new Limits({ table: FEW, counters, unlimited: unlimited.map(parseNetwork) });
}

/** Asks who ana is. */
function ask(url: string, forwardedFor?: string, token = 'token-of-ana') {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(forwardedFor && { 'x-forwarded-for': forwardedFor }),
  };
  return fetch(`${url}/v1/me`, { headers });
}

async function statuses(count: number, send: () => Promise<Response>): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await send()).status);
  return found;
}

test('an address is told what is left, and when to come again', async () => {
  const { url } = await openAdmin({ limits: limitsOf({}) });
  const first = await ask(url);
  expect(first.headers.get('ratelimit-limit')).toBe('3');
  expect(first.headers.get('ratelimit-remaining')).toBe('2');
  expect(Number(first.headers.get('ratelimit-reset'))).toBeGreaterThan(3_000);
  expect(await statuses(2, () => ask(url))).toEqual([200, 200]);
  const refused = await ask(url);
  expect([refused.status, refused.headers.get('ratelimit-remaining')]).toEqual([429, '0']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
  expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
});

test('each class is counted by itself', async () => {
  const { url } = await openAdmin({ limits: limitsOf({}) });
  await statuses(4, () => ask(url));
  const logIn = () =>
    fetch(`${url}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"token":"token-of-ana"}',
    });
  expect(await statuses(3, logIn)).toEqual([200, 200, 429]);
});

test('who comes with tokens that are nobody’s is not let in with a good one either', async () => {
  const { url } = await openAdmin({ limits: limitsOf({}) });
  expect(await statuses(2, () => ask(url, undefined, 'token-of-eve'))).toEqual([401, 401]);
  const good = await ask(url);
  expect([good.status, Number(good.headers.get('retry-after')) > 3_000]).toEqual([429, true]);
});

test('a token that is nobody’s counts at the login too', async () => {
  const { url } = await openAdmin({ limits: limitsOf({}) });
  const logIn = () =>
    fetch(`${url}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"token":"token-of-eve"}',
    });
  expect(await statuses(2, logIn)).toEqual([401, 401]);
  expect((await ask(url)).status).toBe(429);
});

test('X-Forwarded-For is believed from trusted proxies alone', async () => {
  const alone = await openAdmin({ limits: limitsOf({}) });
  let n = 0;
  const forged = () => ask(alone.url, `203.0.113.${n++}`);
  expect(await statuses(4, forged)).toEqual([200, 200, 200, 429]);

  const behind = await openAdmin({ limits: limitsOf({}), trustedProxies: ['127.0.0.0/8'] });
  const throughProxy = () => ask(behind.url, `203.0.113.${n++}`);
  expect(await statuses(5, throughProxy)).toEqual([200, 200, 200, 200, 200]);
  // What a client writes itself stands left of what the proxy adds.
  const forgedThere = () => ask(behind.url, `198.51.100.${n++}, 192.0.2.1`);
  expect(await statuses(4, forgedThere)).toEqual([200, 200, 200, 429]);
});

test('addresses of one /64 are one; those of IPv4 within IPv6 are of IPv4', async () => {
  const limits = limitsOf({});
  const { url } = await openAdmin({ limits, trustedProxies: ['127.0.0.1'] });
  let n = 1;
  const sameNetwork = () => ask(url, `2001:db8:1:2::${n++}`);
  expect(await statuses(4, sameNetwork)).toEqual([200, 200, 200, 429]);
  expect((await ask(url, '2001:db8:1:3::1')).status).toBe(200);
  expect(peerOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(peerOf('fe80::1%eth0')).toBe(peerOf('fe80::2'));
  expect(peerOf('not an address')).toBe('unknown');
});

test('networks on the list are not limited', async () => {
  const limits = limitsOf({ unlimited: ['127.0.0.0/8', '2001:db8::/32'] });
  const { url } = await openAdmin({ limits, trustedProxies: ['127.0.0.1'] });
  expect(new Set(await statuses(6, () => ask(url)))).toEqual(new Set([200]));
  expect(new Set(await statuses(6, () => ask(url, '2001:db8::1')))).toEqual(new Set([200]));
  expect(await statuses(4, () => ask(url, '192.0.2.1'))).toEqual([200, 200, 200, 429]);
});

test('networks and limits that make no sense are refused in words', () => {
  expect(isWithin('::ffff:10.1.2.3', [parseNetwork('10.0.0.0/8')])).toBe(true);
  expect(isWithin('10.1.2.3', [parseNetwork('10.1.2.3')])).toBe(true);
  expect(isWithin('11.1.2.3', [parseNetwork('10.0.0.0/8'), parseNetwork('::/0')])).toBe(false);
  for (const text of ['10.0.0.0/33', 'ten', '', '2001:db8::/129'])
    expect(() => parseNetwork(text)).toThrow(/is no network/);
  expect(parseLimits('reads=7/2m')).toEqual({
    ...DEFAULT_LIMITS,
    reads: { count: 7, seconds: 120 },
  });
  for (const text of ['reads=0/1m', 'reads=5', 'reeds=5/1m', 'reads=5/1d', 'reads=5/1m,'])
    expect(() => parseLimits(text)).toThrow(/limits are written as/);
});

test('a replica that can’t reach the others counts alone, and says so', async () => {
  const clock = new AdjustableClock();
  const { log, lines } = makeLog();
  let isAway = true;
  const shared: Counters = {
    add: async () => {
      if (isAway) throw new Error('the database is away');
      return { used: 1, resetMs: 1_000 };
    },
    look: async () => ({ used: 0, resetMs: 0 }),
  };
  const counters = new InsuredCounters({ shared, own: memoryCounters(FEW), clock, log });
  expect((await counters.add('reads', 'a')).used).toBe(1);
  expect((await counters.add('reads', 'a')).used).toBe(2);
  expect(lines.filter((line) => line.includes('by this replica alone'))).toHaveLength(1);
  isAway = false;
  expect((await counters.add('reads', 'a')).used).toBe(3);
  clock.advance(10_000);
  expect((await counters.add('reads', 'a')).used).toBe(1);
  expect(lines.at(-1)).toContain('with all replicas again');
});
