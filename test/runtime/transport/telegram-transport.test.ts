import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { TelegramTransport } from '../../../src/runtime/transport/telegram-transport.ts';
import { waitFor } from '../../support/wait.ts';

const STREAMS_A_CONNECTION = 4;
const token = new Secret('4242:a-token-of-nobody-at-all-for-the-tests');

/** A TLS server of both protocols that answers sends, holds polls, and tells what it saw. */
async function startServer() {
  const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const held: Http2ServerResponse[] = [];
  const seen: string[] = [];
  let connections = 0;
  const answer = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    const [, method] = /\/(\w+)$/.exec(request.url) ?? [];
    seen.push(`${method} over ${request.httpVersion}`);
    if (method === 'getUpdates') held.push(response);
    else response.end('{}');
  };
  const settings = { maxConcurrentStreams: STREAMS_A_CONNECTION };
  const key = certificate.private;
  const server = createSecureServer(
    { key, cert: certificate.cert, allowHTTP1: true, settings },
    answer,
  );
  server.on('secureConnection', () => connections++);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    apiRoot: `https://localhost:${port}`,
    caBundle: certificate.cert,
    seen,
    held,
    connections: () => connections,
  };
}

type Server = Awaited<ReturnType<typeof startServer>>;

function open({ apiRoot, caBundle }: Server, http2: boolean): TelegramTransport {
  const transport = new TelegramTransport({ apiRoot, caBundle, http2 }, systemClock);
  onTestFinished(() => transport.close());
  return transport;
}

function poll(transport: TelegramTransport): Promise<unknown> {
  const path = transport.pathOf(token, 'getUpdates');
  const request = { path, method: 'GET', headers: {}, timeoutMs: 10_000 } as const;
  return transport.poll(request);
}

test.each([
  [true, '2.0'],
  [false, '1.1'],
])('with http2 %s polls go over HTTP/%s, and sends over HTTP/1.1', async (http2, version) => {
  const server = await startServer();
  const transport = open(server, http2);
  const polled = poll(transport);
  await waitFor('the poll', () => server.held.length === 1);
  const path = transport.pathOf(token, 'getMe');
  await transport.send({ path, method: 'POST', headers: {}, body: '{}', timeoutMs: 10_000 });
  server.held[0]?.end('{}');
  await polled;
  expect(server.seen).toEqual([`getUpdates over ${version}`, 'getMe over 1.1']);
});

test('polls over HTTP/2 share connections, and none waits for a stream', async () => {
  const server = await startServer();
  const transport = open(server, true);
  const polls = Array.from({ length: 5 * STREAMS_A_CONNECTION }, () => poll(transport));
  await waitFor('every poll to be held', () => server.held.length === polls.length);
  expect(server.connections()).toBeLessThan(polls.length);
  for (const response of server.held) response.end('{}');
  await Promise.all(polls);
});
