import { isIP, type LookupFunction } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import { errorCode } from '../lib/errors.ts';

/** What came back from an endpoint. */
export interface WebhookReply {
  /** 0 where no answer came. */
  readonly status: number;
  /** For the ledger: the status, or why there was none. */
  readonly outcome: string;
  /** For getWebhookInfo, in the real server's words. */
  readonly error: string;
  readonly retryAfterMs: number;
  readonly contentType: string;
  readonly body: string;
}

/** Sends updates to one endpoint. */
export interface WebhookPoster {
  post(body: string): Promise<WebhookReply>;
  close(): void;
}

/** Where to post, and what to trust there. */
export interface WebhookTarget {
  readonly url: URL;
  readonly address: string;
  readonly secretToken: string;
  readonly maxConnections: number;
  /** PEM of certificates to trust beside the usual ones. */
  readonly ca: readonly string[];
}

const ANSWER_TIMEOUT_MS = 60_000;
/** More of an answer's body than this is not read. */
const MAX_REPLY_BYTES = 1 << 20;

/** Posts over kept-alive HTTP/1.1 connections, never following a redirect. */
export function openPoster(target: WebhookTarget): WebhookPoster {
  const { url, maxConnections, secretToken } = target;
  const pool = new Pool(url.origin, {
    connections: maxConnections,
    pipelining: 1,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    connect: {
      lookup: fixedLookup(target.address),
      timeout: ANSWER_TIMEOUT_MS,
      ...(target.ca.length > 0 && { ca: [...target.ca] }),
    },
  });
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    ...(secretToken !== '' && { 'x-telegram-bot-api-secret-token': secretToken }),
    ...(url.username !== '' && { authorization: basicAuth(url) }),
  };
  return {
    async post(body) {
      try {
        const path = `${url.pathname}${url.search}`;
        const response = await pool.request({ method: 'POST', path, headers, body });
        return await readReply(response);
      } catch (error) {
        return failure(error);
      }
    },
    close() {
      pool.destroy().catch(() => undefined);
    },
  };
}

async function readReply(response: Dispatcher.ResponseData): Promise<WebhookReply> {
  const { statusCode, statusText, headers } = response;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REPLY_BYTES) break;
    chunks.push(chunk);
  }
  return {
    status: statusCode,
    outcome: String(statusCode),
    error: `Wrong response from the webhook: ${statusCode} ${statusText}`,
    retryAfterMs: (Number.parseInt(String(headers['retry-after'] ?? ''), 10) || 0) * 1_000,
    contentType: String(headers['content-type'] ?? ''),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'Connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'Read timeout expired',
  UND_ERR_BODY_TIMEOUT: 'Read timeout expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'SSL error {error:0A000086:SSL routines::certificate verify failed}',
  SELF_SIGNED_CERT_IN_CHAIN: 'SSL error {error:0A000086:SSL routines::certificate verify failed}',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'SSL error {error:0A000086:SSL routines::certificate verify failed}',
};

function failure(error: unknown): WebhookReply {
  const code = errorCode(error) ?? 'UNKNOWN';
  return {
    status: 0,
    outcome: code,
    error: CONNECT_ERRORS[code] ?? 'Webhook connection closed',
    retryAfterMs: 0,
    contentType: '',
    body: '',
  };
}

/** The address was chosen when the webhook was set; nobody is asked again. */
function fixedLookup(address: string): LookupFunction {
  const family = isIP(address);
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

function basicAuth(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
