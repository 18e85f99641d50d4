import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ANA, openAdmin } from './support/admin-world.ts';

/** A GET with headers that `fetch` does not let through. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

test('who asks must have a token that is somebody’s', async () => {
  const { url } = await openAdmin();
  const me = await fetch(`${url}/v1/me`, { headers: ANA });
  expect(me.status).toBe(200);
  expect(await me.json()).toMatchObject({
    name: 'ana',
    mode: 'standalone',
    rights: { fleet: true, create: true },
  });
  const missing = await fetch(`${url}/v1/me`);
  expect([missing.status, missing.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect(missing.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await missing.json()).toMatchObject({ status: 401, code: 'TOKEN_MISSING' });
  for (const authorization of ['Bearer token-of-eve', 'Bearer ', 'Basic token-of-ana']) {
    const refused = await fetch(`${url}/v1/me`, { headers: { authorization } });
    expect({ authorization, status: refused.status }).toEqual({ authorization, status: 401 });
  }
});

test('answers under its addresses and its names, and under no other', async () => {
  const { url } = await openAdmin({ names: ['bots.example', '.tenantbot.svc'] });
  const asked = async (hosts: readonly string[]) =>
    Promise.all(hosts.map((host) => statusOf(`${url}/openapi.json`, { host })));
  const ours = ['127.0.0.1', '[::1]:8090', 'localhost:1', 'bots.example', 'a.tenantbot.svc'];
  expect(new Set(await asked(ours))).toEqual(new Set([200]));
  const foreign = ['evil.example', 'bots.example.evil', 'xbots.example', 'tenantbot.svc', '::1'];
  expect(new Set(await asked(foreign))).toEqual(new Set([403]));
});

test('every request has a name, its own or the one it came with', async () => {
  const { url } = await openAdmin();
  const named = (id: string) => fetch(url, { headers: { 'x-request-id': id } });
  expect((await named('from-before.1')).headers.get('x-request-id')).toBe('from-before.1');
  expect((await named('a b"<c>')).headers.get('x-request-id')).toMatch(/^[\w-]{10,}$/);
});

test('describes itself for programs and for people', async () => {
  const { url } = await openAdmin();
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { responses: Record<string, { content: object }> }>>;
  };
  expect(document.openapi).toBe('3.1.0');
  const responses = document.paths['/v1/me']?.['get']?.responses;
  expect(Object.keys(responses?.['200']?.content ?? {})).toEqual(['application/json']);
  expect(Object.keys(responses?.['4XX']?.content ?? {})).toEqual(['application/problem+json']);
  expect(Object.keys(document.paths).filter((path) => !path.startsWith('/v1/'))).toEqual([]);
  const docs = await fetch(`${url}/docs`);
  expect([docs.status, docs.headers.get('content-type')]).toEqual([
    200,
    'text/html; charset=utf-8',
  ]);
});

test('what browsers are told lets nothing in from elsewhere', async () => {
  const { url } = await openAdmin();
  const { headers } = await fetch(`${url}/docs`);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toContain('unsafe');
  expect(headers.get('access-control-allow-origin')).toBeNull();
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  const preflight = await fetch(`${url}/v1/me`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  expect(preflight.ok).toBe(false);
});

test('what did not change is not sent again; what is long is packed', async () => {
  const { url } = await openAdmin();
  const first = await fetch(`${url}/v1/me`, { headers: ANA });
  const etag = first.headers.get('etag') ?? '';
  expect(first.headers.get('cache-control')).toBe('private, no-cache');
  const again = await fetch(`${url}/v1/me`, { headers: { ...ANA, 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const document = await fetch(`${url}/openapi.json`, { headers: { 'accept-encoding': 'gzip' } });
  expect(document.headers.get('content-encoding')).toBe('gzip');
});

test('serves the files of the page, and says where there is none', async () => {
  const without = await openAdmin();
  expect(await (await fetch(without.url)).json()).toMatchObject({ code: 'NO_PAGE' });
  const page = await mkdtemp(join(tmpdir(), 'page-'));
  onTestFinished(() => rm(page, { recursive: true }));
  await mkdir(join(page, 'assets'));
  await writeFile(join(page, 'index.html'), '<!doctype html>');
  await writeFile(join(page, 'assets', 'page-1.js'), 'x');
  const { url } = await openAdmin({ page });
  const index = await fetch(url);
  expect([await index.text(), index.headers.get('cache-control')]).toEqual([
    '<!doctype html>',
    'no-cache',
  ]);
  const script = await fetch(`${url}/assets/page-1.js`);
  expect(script.headers.get('cache-control')).toContain('immutable');
  expect((await fetch(`${url}/..%2f..%2fetc%2fpasswd`)).status).toBe(404);
});

test('says what is wrong where it can’t listen', async () => {
  const { port } = await openAdmin();
  await expect(openAdmin({ port })).rejects.toThrow(/port \d+: the port is in use/);
});
