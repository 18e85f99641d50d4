import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { HttpKubeClient, type HttpKubeClientOptions } from '../../src/kube/http-client.ts';
import type { ClusterAccess } from '../../src/kube/kubeconfig.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';

/** A request as the server got it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly socket: Socket;
}

/** Answers one request, or does not. */
export type Answerer = (received: Received, response: ServerResponse) => void;

/** A server on this machine that ends with the test. */
export interface LocalServer {
  readonly url: URL;
  /** All that came in, in order. */
  readonly received: readonly Received[];
}

/** Serves `answer` until the test ends; over TLS where `tls` is given. */
export async function serve(answer: Answerer, tls?: ServerOptions): Promise<LocalServer> {
  const received: Received[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers, socket } = request;
    const seen = { method, path, headers, socket, body: await text(request) };
    received.push(seen);
    answer(seen, response);
  };
  const listener: RequestListener = (request, response) => {
    // Whose client leaves early is not answered.
    respond(request, response).catch(() => response.destroy());
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`), received };
}

/** Answers as the API server does. */
export function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** An error in the API server's form. */
export function replyError(response: ServerResponse, status: number, reason: string): void {
  const message = `${reason} it is`;
  reply(response, status, { kind: 'Status', status: 'Failure', message, reason, code: status });
}

/** Access without credentials. */
export function openAccess(server: URL): ClusterAccess {
  return {
    server,
    namespace: undefined,
    proxyUrl: undefined,
    credentials: () => Promise.resolve({ headers: {}, tls: {} }),
  };
}

/** A client that ends with the test; of `url`, unless `options` say otherwise. */
export function clientOf(
  url: URL,
  options: Partial<HttpKubeClientOptions> & { readonly clock?: Clock } = {},
): HttpKubeClient {
  const client = new HttpKubeClient({
    access: openAccess(url),
    clock: systemClock,
    random: () => 0,
    userAgent: 'test',
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}
