import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Update } from 'grammy/types';

/** A tenant's service that listens on a free port of this machine. */
export interface ForwardService extends AsyncDisposable {
  readonly url: string;
}

/** Sends an answer: nothing, or one Bot API call. */
export type Respond = (status: number, call?: object) => void;

/** Starts a service that gets each forwarded update, with the path that it came to. */
export async function startForwardService(
  handle: (path: string, update: Update, respond: Respond) => void,
): Promise<ForwardService> {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const update = (await json(request)) as Update;
    handle(request.url ?? '', update, (status, call) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(call && JSON.stringify(call));
    });
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
