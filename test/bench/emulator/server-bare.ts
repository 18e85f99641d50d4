/**
 * What the emulator is measured against: a bare `node:http` server that reads each body, parses it,
 * and answers every call with the same message; getUpdates it holds.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beServer } from './serving.ts';

const KEEP_ALIVE_MS = 500_000;
const MESSAGE = JSON.stringify({
  ok: true,
  result: {
    message_id: 1,
    from: { id: 5_000_000_001, is_bot: true, first_name: 'load_0_bot', username: 'load_0_bot' },
    chat: { id: 7_000_000_001, type: 'private', first_name: 'Ada' },
    date: 1_700_000_000,
    text: 'Hello from the load generator',
  },
});
const HEADERS = {
  'content-type': 'application/json',
  'content-length': Buffer.byteLength(MESSAGE),
};

let held = 0;
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(String(Buffer.concat(chunks)));
    if (request.url?.endsWith('/getUpdates')) {
      held++;
      response.once('close', () => held--);
      return;
    }
    response.writeHead(200, HEADERS);
    response.end(MESSAGE);
  });
});
server.keepAliveTimeout = KEEP_ALIVE_MS;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const bots = Array.from({ length: Number(process.argv[2]) }, (_, index) => ({
    token: `${5_000_000_001 + index}:${'A'.repeat(35)}`,
    userId: 7_000_000_001 + index,
  }));
  beServer({ port, bots }, () => held);
});
