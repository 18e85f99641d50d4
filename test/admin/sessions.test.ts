import { expect, test } from 'vitest';
import { OneTimeCodes } from '../../src/admin/sessions/one-time-codes.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { ANA, openAdmin } from './support/admin-world.ts';

function logIn(url: string, token: string) {
  return fetch(`${url}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
}

/** What a browser sends back of what it was told to keep. */
function cookieOf(response: Response): string {
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

test('a token becomes a cookie that no script can read and no other site can send', async () => {
  const { url, port } = await openAdmin();
  const response = await logIn(url, 'token-of-ana');
  expect([response.status, await response.json()]).toEqual([200, { name: 'ana' }]);
  const attributes = response.headers.get('set-cookie')?.split('; ') ?? [];
  expect(attributes[0]).toMatch(new RegExp(`^tenantbot-session-${port}=`));
  expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']));
  const me = await fetch(`${url}/v1/me`, { headers: { cookie: cookieOf(response) } });
  expect(await me.json()).toMatchObject({ name: 'ana' });
});

test('a token that is nobody’s becomes no cookie', async () => {
  const { url } = await openAdmin();
  for (const [token, status] of [
    ['token-of-eve', 401],
    ['no token', 400],
    ['', 400],
  ] as const) {
    const response = await logIn(url, token);
    expect([response.status, response.headers.get('set-cookie')]).toEqual([status, null]);
    expect(await response.text()).not.toContain('token-of-eve');
  }
  const form = await fetch(`${url}/v1/session`, {
    method: 'POST',
    body: '{"token":"token-of-ana"}',
  });
  expect(form.status).toBe(415);
});

test('a change with a cookie has to come from the page of this server', async () => {
  const { url } = await openAdmin();
  const cookie = cookieOf(await logIn(url, 'token-of-ana'));
  const change = async (headers: Record<string, string>) => {
    const response = await fetch(`${url}/v1/session/codes`, {
      method: 'POST',
      headers: { cookie, ...headers },
    });
    return response.status;
  };
  const own = { 'x-tenantbot-request': '1', origin: url };
  expect(await change(own)).toBe(200);
  expect(await change({})).toBe(403);
  expect(await change({ origin: url })).toBe(403);
  expect(await change({ 'x-tenantbot-request': '1' })).toBe(403);
  // Another port of this machine is the same site to a browser.
  for (const origin of [
    'http://127.0.0.1:1',
    'https://evil.example',
    'null',
    `${url}.evil.example`,
  ])
    expect(await change({ ...own, origin })).toBe(403);
  expect(await change({ cookie: '', ...ANA })).toBe(200);
});

test('who logs out takes no cookie along', async () => {
  const { url } = await openAdmin();
  const cookie = cookieOf(await logIn(url, 'token-of-ana'));
  const headers = { cookie, 'x-tenantbot-request': '1', origin: url };
  const response = await fetch(`${url}/v1/session`, { method: 'DELETE', headers });
  expect(response.status).toBe(204);
  expect(response.headers.get('set-cookie')).toMatch(/=; .*Expires=Thu, 01 Jan 1970/);
});

test('a code opens the page once', async () => {
  const { url } = await openAdmin();
  const asked = await fetch(`${url}/v1/session/codes`, { method: 'POST', headers: ANA });
  const { code } = (await asked.json()) as { code: string };
  const open = () => fetch(`${url}/open?code=${code}`, { redirect: 'manual' });
  const opened = await open();
  expect([opened.status, opened.headers.get('location')]).toEqual([303, '/']);
  const me = await fetch(`${url}/v1/me`, { headers: { cookie: cookieOf(opened) } });
  expect(await me.json()).toMatchObject({ name: 'ana' });
  const again = await open();
  expect([again.status, again.headers.get('set-cookie')]).toEqual([403, null]);
});

test('a code is good for a minute', () => {
  const clock = new AdjustableClock();
  const codes = new OneTimeCodes(clock);
  const token = new Secret('x');
  const [early, late] = [codes.issue(token), codes.issue(token)];
  clock.advance(59_999);
  expect(codes.redeem(early)).toBe(token);
  clock.advance(1);
  expect(codes.redeem(late)).toBeUndefined();
});
