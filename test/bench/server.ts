/**
 * The least Bot API server that a benchmark needs, so that a client's cost is all that differs:
 * TLS with HTTP/1.1 and HTTP/2, polls held to their timeout, one update a poll, every message
 * accepted. Its argument is the folder for its certificate. See {@link ServerRequest}.
 */
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { answerParent } from '../support/answering.ts';

/** What the server is asked for. */
export type ServerRequest =
  /** Answered with its {@link ServerAddress}. */
  | { readonly kind: 'address' }
  /** Forgets all bots, those of a client that has ended. */
  | { readonly kind: 'reset' }
  /** Ends the connections over which nothing is under way. */
  | { readonly kind: 'closeIdle' }
  /** Answered with {@link ServerLoad}. */
  | { readonly kind: 'load' }
  /** Sends updates at a steady pace, bot by bot; answered once every one has been replied to. */
  | { readonly kind: 'traffic'; readonly updates: number; readonly perSecond: number };

/** Where the server listens, and what it must be trusted by. */
export interface ServerAddress {
  readonly apiRoot: string;
  readonly certificatePath: string;
}

/** Bots that wait for updates right now, by a poll or a webhook, and connections that clients hold. */
export interface ServerLoad {
  readonly waitingPolls: number;
  readonly webhooks: number;
  readonly connections: number;
}

interface BenchUpdate {
  readonly update_id: number;
  readonly message: object;
}

interface BenchBot {
  readonly id: number;
  /** What is not confirmed, oldest first. */
  readonly queue: BenchUpdate[];
  /** Of its next update: each bot's ids follow one another, as Telegram's do. */
  nextUpdateId: number;
  /** Ends the poll that is being held. */
  endPoll: (() => void) | undefined;
  /** What setWebhook said. */
  webhook?: Parameters;
}

/** As numbers, or as the text that some clients send. */
interface Parameters {
  readonly offset?: number | string;
  readonly timeout?: number | string;
  readonly url?: string;
}

const STREAMS_A_CONNECTION = 128;
/** nginx's default. */
const KEEP_ALIVE_MS = 75_000;
const TICK_MS = 10;
/** Telegram's own limit. */
const MAX_POLL_SECONDS = 50;

const bots = new Map<number, BenchBot>();
let connections = 0;
let replies = 0;
let onReply = (): void => undefined;

const methods: Record<string, (bot: BenchBot, parameters: Parameters) => unknown> = {
  getMe: ({ id }) => ({ id, is_bot: true, first_name: 'Bench', username: `bench_${id}_bot` }),
  deleteWebhook: (bot) => {
    delete bot.webhook;
    return true;
  },
  getWebhookInfo: ({ webhook }) => ({ url: '', ...webhook, pending_update_count: 0 }),
  setWebhook: (bot, parameters) => {
    bot.webhook = parameters;
    return true;
  },
  getUpdates: poll,
  sendMessage: () => {
    replies++;
    onReply();
    return { message_id: replies, date: 1, chat: { id: 1, type: 'private' }, text: 'Hello' };
  },
};

async function poll(bot: BenchBot, { offset = 0, timeout = 0 }: Parameters): Promise<unknown> {
  while (bot.queue[0] && bot.queue[0].update_id < Number(offset)) bot.queue.shift();
  bot.endPoll?.();
  if (bot.queue.length === 0) await hold(bot, Math.min(Number(timeout), MAX_POLL_SECONDS) * 1_000);
  return bot.queue.slice(0, 1);
}

function hold(bot: BenchBot, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      bot.endPoll = undefined;
      resolve();
    };
    const timer = setTimeout(end, limitMs);
    bot.endPoll = end;
  });
}

function sendUpdate(bot: BenchBot, userId: number): void {
  const user = { id: userId, is_bot: false, first_name: 'Ada', username: 'ada' };
  const update_id = bot.nextUpdateId++;
  bot.queue.push({
    update_id,
    message: {
      message_id: update_id,
      date: 1,
      from: user,
      chat: { id: user.id, type: 'private', first_name: user.first_name },
      text: '/start now',
      entities: [{ type: 'bot_command', offset: 0, length: 6 }],
    },
  });
  bot.endPoll?.();
}

/**
 * Spread over the second, as users come; a burst would let clients save on wake-ups. Each update of
 * a bot comes from another user: who keeps to Telegram's one message a second to a user would have
 * to wait otherwise.
 */
function traffic(updates: number, perSecond: number): Promise<void> {
  const all = [...bots.values()];
  const goal = replies + updates;
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const dueCount = Math.min(updates, ((performance.now() - startMs) / 1000) * perSecond);
    for (; sent < dueCount; sent++) {
      sendUpdate(all[sent % all.length] as BenchBot, 1 + Math.floor(sent / all.length));
    }
    if (sent >= updates) clearInterval(timer);
  }, TICK_MS);
  return new Promise((resolve) => {
    onReply = () => {
      if (replies === goal) resolve();
    };
  });
}

function countOf(counts: (bot: BenchBot) => boolean): number {
  return bots.values().filter(counts).toArray().length;
}

async function handle(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  const [, id = '', name = ''] = /^\/bot(\d+):[^/]*\/(\w+)/.exec(request.url) ?? [];
  const parameters = await parametersOf(request);
  const bot = bots.get(Number(id)) ?? newBot(Number(id));
  bots.set(bot.id, bot);
  const result = await methods[name]?.(bot, parameters);
  const answer = JSON.stringify({ ok: true, result });
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(answer),
  });
  response.end(answer);
}

function newBot(id: number): BenchBot {
  return { id, queue: [], nextUpdateId: 1, endPoll: undefined };
}

async function parametersOf(request: Http2ServerRequest): Promise<Parameters> {
  const body = await text(request);
  if (body !== '') return JSON.parse(body) as Parameters;
  const query = new URLSearchParams(request.url.split('?')[1]);
  return { offset: query.get('offset') ?? 0, timeout: query.get('timeout') ?? 0 };
}

const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
});
const certificatePath = join(process.argv[2] ?? '.', 'certificate.pem');
writeFileSync(certificatePath, certificate.cert);

const server = createSecureServer(
  {
    key: certificate.private,
    cert: certificate.cert,
    allowHTTP1: true,
    settings: { maxConcurrentStreams: STREAMS_A_CONNECTION },
  },
  (request, response) => void handle(request, response),
);
// What a server with `allowHTTP1` shares with one of node:http is missing from the types.
const http1 = server as unknown as Pick<Server, 'keepAliveTimeout' | 'closeIdleConnections'>;
http1.keepAliveTimeout = KEEP_ALIVE_MS;
server.on('secureConnection', (socket) => {
  connections++;
  socket.once('close', () => connections--);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  answerParent((request: ServerRequest) => {
    switch (request.kind) {
      case 'address':
        return { apiRoot: `https://localhost:${port}`, certificatePath } satisfies ServerAddress;
      case 'load':
        return {
          waitingPolls: countOf(({ endPoll }) => endPoll !== undefined),
          webhooks: countOf(({ webhook }) => webhook !== undefined),
          connections,
        } satisfies ServerLoad;
      case 'closeIdle':
        return http1.closeIdleConnections();
      case 'reset':
        return bots.clear();
      case 'traffic':
        return traffic(request.updates, request.perSecond);
      default:
        return request satisfies never;
    }
  });
});
