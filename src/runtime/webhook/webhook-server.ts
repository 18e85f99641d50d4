import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Update } from 'grammy/types';
import { type Listener, listen } from '../../lib/listen.ts';
import { HOP_HEADER, type PassOn } from './pass-on.ts';
import { readBody } from './read-body.ts';
import { parseWebhookPath, type WebhookAddress } from './webhook-address.ts';
import type { Receiver, WebhookRoutes } from './webhook-routes.ts';

/** How requests can end; a metric counts them by it. */
export const WEBHOOK_RESULTS = [
  'finished',
  'later',
  'unknown',
  'too-large',
  'unreadable',
  'overloaded',
  'passed-on',
  'gone',
] as const;
export type WebhookResult = (typeof WEBHOOK_RESULTS)[number];

export interface WebhookServerOptions {
  /** All addresses unless given. */
  readonly host?: string;
  readonly port: number;
  readonly routes: WebhookRoutes;
  /** Hands on what is for a bot of another shard; without it such requests are unknown. */
  readonly passOn?: PassOn;
  /** A request must be here in whole within this time; 15 s unless given. */
  readonly requestMs?: number;
  /** Hears how each request ended. */
  readonly onResult?: (result: WebhookResult) => void;
}

/** No update is anywhere near. */
const MAX_BODY_BYTES = 1 << 20;
/** What the bodies of all requests in hand may take together. */
const MAX_HELD_BYTES = 64 << 20;
const REQUEST_MS = 15_000;
/** Longer than the idle limit of usual proxies, so that they close first. */
const KEEP_ALIVE_MS = 75_000;
const RETRY_AFTER_SECONDS = 2;

const SECRET_HEADER = 'x-telegram-bot-api-secret-token';

/** An answer without a body: who has no business here learns nothing. */
interface Reply {
  readonly status: 200 | 400 | 404 | 413 | 503;
  readonly result: WebhookResult;
}

/** Deals with the body of one request. */
type Taker = (body: Buffer) => Promise<Reply>;

const REPLIES = {
  finished: { status: 200, result: 'finished' },
  later: { status: 503, result: 'later' },
  unknown: { status: 404, result: 'unknown' },
  tooLarge: { status: 413, result: 'too-large' },
  unreadable: { status: 400, result: 'unreadable' },
  overloaded: { status: 503, result: 'overloaded' },
  gone: { status: 503, result: 'gone' },
} as const satisfies Record<string, Reply>;

/**
 * Takes the updates of all bots of a shard, over plain HTTP: TLS ends before it. An update is
 * answered with 200 when it is finished, and with 503 and `Retry-After` where that takes long; never
 * with 410, for which Telegram would remove the webhook. Nothing of a body is read before its key
 * and secret are known to be right; both being wrong look alike. Rejects where it can't listen.
 */
export async function startWebhookServer(options: WebhookServerOptions): Promise<Listener> {
  const handler = new RequestHandler(options);
  const { requestMs = REQUEST_MS } = options;
  const server = createServer(
    {
      requestTimeout: requestMs,
      headersTimeout: requestMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: requestMs / 3,
      maxHeaderSize: 16_384,
    },
    (request, response) => void handler.handle(request, response),
  );
  const address = { host: options.host, port: options.port, backlog: 4_096 };
  return listen(server, address, { purpose: 'webhooks', code: 'WEBHOOK_PORT_UNUSABLE' });
}

class RequestHandler {
  readonly #options: WebhookServerOptions;
  #heldBytes = 0;

  constructor(options: WebhookServerOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#reply(request).catch((): Reply => REPLIES.gone);
    this.#options.onResult?.(reply.result);
    send(response, reply, request);
  }

  async #reply(request: IncomingMessage): Promise<Reply> {
    const take = request.method === 'POST' ? this.#takerFor(request) : undefined;
    if (!take) return REPLIES.unknown;
    const length = Number(request.headers['content-length'] ?? MAX_BODY_BYTES);
    if (length > MAX_BODY_BYTES) return REPLIES.tooLarge;
    if (this.#heldBytes + length > MAX_HELD_BYTES) return REPLIES.overloaded;
    this.#heldBytes += length;
    try {
      const body = await readBody(request, MAX_BODY_BYTES);
      return body ? await take(body) : REPLIES.tooLarge;
    } finally {
      this.#heldBytes -= length;
    }
  }

  /** What is to be done with the body; undefined where the request has no business here. */
  #takerFor({ url = '', headers }: IncomingMessage): Taker | undefined {
    const { routes } = this.#options;
    const [path = ''] = url.split('?', 1);
    const address = parseWebhookPath(path);
    const secret = headers[SECRET_HEADER];
    if (!address || typeof secret !== 'string') return undefined;
    if (!routes.has(address.key)) {
      return headers[HOP_HEADER] === undefined ? this.#passingOn(address, secret) : undefined;
    }
    const receiver = routes.find(address.key, secret);
    return receiver && ((body) => deliver(body, receiver));
  }

  #passingOn({ ordinal, key }: WebhookAddress, secret: string): Taker | undefined {
    const { passOn } = this.#options;
    if (!passOn?.takes(ordinal)) return undefined;
    return async (body) => {
      const status = await passOn.send(ordinal, { path: `/${ordinal}/${key}`, secret, body });
      return { status, result: 'passed-on' };
    };
  }
}

async function deliver(body: Buffer, receiver: Receiver): Promise<Reply> {
  const update = parseUpdate(body);
  return update ? REPLIES[await receiver.receive(update)] : REPLIES.unreadable;
}

function parseUpdate(body: Buffer): Update | undefined {
  try {
    const update = JSON.parse(body.toString('utf8')) as Partial<Update> | null;
    return Number.isSafeInteger(update?.update_id) ? (update as Update) : undefined;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, { status }: Reply, request: IncomingMessage): void {
  const headers: Record<string, string | number> = { 'content-length': 0 };
  if (status === 503) headers['retry-after'] = RETRY_AFTER_SECONDS;
  // What was not read is not worth reading only to keep the connection.
  if (!request.complete) headers['connection'] = 'close';
  response.writeHead(status, headers).end();
}
