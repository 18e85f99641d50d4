/**
 * A forward service in plain Node: it answers every text message with its own text. Shows all that
 * such a service needs; docs/forward.md explains it.
 *
 *   SIGNING_KEY=… node echo-service.mjs [--port 8090] [--signing-key …]
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const MAX_AGE_SECONDS = 300;
const MAX_BODY_BYTES = 1024 * 1024;

const { signingKey, port } = readOptions();

const server = createServer((request, response) => void serve(request, response));

server.on('error', (error) => {
  console.error(`echo service: cannot listen on port ${port}: ${error.message}`);
  process.exitCode = 1;
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
  });
}
server.listen(port, '127.0.0.1', () => {
  console.log(`echo service listens on http://127.0.0.1:${server.address().port}`);
});

async function serve(request, response) {
  try {
    const { status, call } = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(call ? JSON.stringify(call) : undefined);
  } catch (error) {
    console.error(`echo service: ${error.message}`);
    response.writeHead(500).end();
  }
}

/** What to send back for one request: a status and, if the bot is to do something, a call. */
async function answer(request) {
  if (request.method !== 'POST') return { status: 405 };
  const body = await readBody(request);
  if (!body) return { status: 413 };
  if (!isGenuine(request.headers, body)) return { status: 401 };
  const { message } = JSON.parse(body.toString());
  if (!message?.text) return { status: 204 };
  const call = { method: 'sendMessage', chat_id: message.chat.id, text: message.text };
  if (message.is_topic_message) call.message_thread_id = message.message_thread_id;
  return { status: 200, call };
}

/** The bytes as they came, since the signature is over them; undefined if there are too many. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

/** Whether the request comes from the operator, and lately. Takes the same time for any guess. */
function isGenuine(headers, body) {
  const timestamp = headers['x-tenantbot-timestamp'] ?? '';
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  const hmac = createHmac('sha256', signingKey).update(`${timestamp}.`).update(body);
  const expected = Buffer.from(`sha256=${hmac.digest('hex')}`);
  const given = Buffer.from(headers['x-tenantbot-signature'] ?? '');
  const same = given.length === expected.length && timingSafeEqual(given, expected);
  return same && ageSeconds <= MAX_AGE_SECONDS;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8090' },
      'signing-key': { type: 'string', default: process.env.SIGNING_KEY ?? '' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    exit(`--port must be a number from 0 to 65535, not "${values.port}"`);
  }
  if (values['signing-key'] === '') {
    exit("give the bot's signing key as SIGNING_KEY in the environment, or as --signing-key");
  }
  return { port, signingKey: values['signing-key'] };
}

function exit(message) {
  console.error(`echo service: ${message}`);
  process.exit(1);
}
