import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../../../src/lib/clock.ts';
import { createHttpPost } from '../../../../src/runtime/transport/http-post.ts';
import { type Refuse, triedBot } from '../tried-bot.ts';

/** What a service was sent. */
export interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A tenant's service on a port of its own, and a client to reach it with. */
export async function startService(
  answer: (response: ServerResponse) => void,
): Promise<TenantService> {
  const received: Received[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url, headers } = request;
    received.push({ method, url, headers, body: await text(request) });
    answer(response);
  };
  const server = createServer((request, response) => {
    void receive(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createHttpPost(systemClock);
  return {
    url: `http://127.0.0.1:${port}/hook?key=a`,
    received,
    httpPost: client.post,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

export interface TenantService extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  readonly httpPost: ReturnType<typeof createHttpPost>['post'];
}

/** A bot that forwards everything to `service`. */
export function forwardingBot(
  service: Pick<TenantService, 'url' | 'httpPost'>,
  options: { readonly refuse?: Refuse; readonly [field: string]: unknown } = {},
) {
  const { refuse, ...fields } = options;
  const { url, httpPost } = service;
  const forward = { url, signingSecretRef: { name: 'key' }, ...fields };
  return triedBot([{ forward }], { httpPost, ...(refuse && { refuse }) });
}

/** A service that answers everything with `body`, as JSON unless it is a string. */
export function startAnswering(body: unknown, status = 200): Promise<TenantService> {
  return startService((response) => {
    response.statusCode = status;
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}
