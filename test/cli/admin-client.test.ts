import { createServer as createPlain } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { AdminClient, adminPath } from '../../src/cli/admin-client.ts';
import { issueCertificate, makeAuthority } from '../../src/lib/certificates.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';

const token = new Secret('mine');

test('a certificate counts where it is of the authority and of the name that were given', async () => {
  const nowMs = systemClock.wallMs();
  const validity = { fromMs: nowMs - 60_000, toMs: nowMs + 3_600_000 };
  const authority = await makeAuthority('test', validity);
  const serverName = 'tenantbot-admin.system.svc';
  const server = createServer(
    await issueCertificate(authority, [serverName], validity),
    ({ headers }, response) => {
      response.end(JSON.stringify({ authorization: headers.authorization }));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { cert: ca } = authority;
  const ask = (tls?: object) => new AdminClient({ url, token, tls }).get('/v1/me');
  await expect(ask()).rejects.toThrow('does not answer: ');
  await expect(ask({ ca })).rejects.toThrow('does not answer: ');
  await expect(ask({ ca, serverName })).resolves.toEqual({
    authorization: 'Bearer mine',
  });
});

test('what an admin API refuses is told in its own words', async () => {
  const server = createPlain((_, response) => {
    response.writeHead(404, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ code: 'NOT_FOUND', detail: 'there is no bot a/b' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = new AdminClient({ url, token }).get(adminPath('/v1/bots/{}/{}', 'a', 'b'));
  await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'there is no bot a/b' });
});

test('no name leads to another path', () => {
  expect(adminPath('/v1/bots/{}/{}', '../x', 'a?b={}')).toBe('/v1/bots/..%2Fx/a%3Fb%3D%7B%7D');
});
