/**
 * What the emulator is measured against: a bare `node:http` server that reads each body, parses it,
 * and answers every call with the same message; getUpdates it holds until an update comes.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beServer } from './serving.ts';

const KEEP_ALIVE_MS = 500_000;
const RESULT = JSON.stringify({
  message_id: 1,
  from: { id: 5_000_000_001, is_bot: true, first_name: 'load_0_bot', username: 'load_0_bot' },
  chat: { id: 7_000_000_001, type: 'private', first_name: 'Ada' },
  date: 1_700_000_000,
  text: 'Hello from the load generator',
});
const MESSAGE = `{"ok":true,"result":${RESULT}}`;
const UPDATE = `"message":${RESULT}`;

/** The held polls of each bot by its token, as a client that polls once at a time leaves them. */
const held = new Map<string, ServerResponse>();
let updateId = 1;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(String(Buffer.concat(chunks)));
    const [, path = '', method] = (request.url ?? '').split('/');
    if (method !== 'getUpdates') {
      answer(response, MESSAGE);
      return;
    }
    held.set(path, response);
    response.once('close', () => {
      if (held.get(path) === response) held.delete(path);
    });
  });
});
server.keepAliveTimeout = KEEP_ALIVE_MS;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const bots = Array.from({ length: Number(process.argv[2]) }, (_, index) => ({
    token: `${5_000_000_001 + index}:${'A'.repeat(35)}`,
    userId: 7_000_000_001 + index,
  }));
  beServer({
    address: { port, bots },
    heldPolls: () => held.size,
    sendUpdate(place) {
      const path = `bot${bots[place]?.token}`;
      const poll = held.get(path);
      held.delete(path);
      if (poll) answer(poll, `{"ok":true,"result":[{"update_id":${updateId++},${UPDATE}}]}`);
    },
  });
});

function answer(response: ServerResponse, body: string): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
