import { readFile } from 'node:fs/promises';
import { Pool } from 'undici';
import type { z } from 'zod';
import { errorCode, errorMessage } from '../lib/errors.ts';
import type { Span, Tracing } from '../lib/tracing.ts';
import { type Problem, problemSchema } from './messages.ts';
import { readJson } from './read-json.ts';
import { explainIssues, readTolerantly } from './tolerant.ts';

/** Where the leader is, and what it takes to talk to it. */
export interface LeaderAddress {
  /** `https://host:port` */
  readonly url: string;
  /** File with the certificates to trust, PEM. Read again before each request. */
  readonly caFile: string;
  /** File with this pod's token. Read again before each request. */
  readonly tokenFile: string;
  /** Where traces of requests begin; nothing is traced without it. */
  readonly tracing?: Tracing | undefined;
}

/** How a request ended. Messages are for people and hold no secrets. */
export type LinkOutcome<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'unreachable'; readonly message: string };

/** What to send where. */
interface LinkRequest {
  readonly path: string;
  readonly body: object;
}

/** One request that is held and the one that ends its wait. */
const CONNECTIONS = 2;
const CONNECT_MS = 5_000;
/** Longer than a leader ever holds a request. */
const HEADERS_MS = 10_000;
const BODY_MS = 15_000;
/** Above what a leader puts into one answer, one bot of the largest kind included. */
const MAX_ANSWER_BYTES = 32 << 20;

/**
 * The way to the leader, over TLS 1.3. Follows new certificate authorities and new tokens without
 * a restart: a change of the trusted certificates opens new connections.
 */
export class LeaderLink {
  readonly #address: LeaderAddress;
  #open: { readonly ca: string; readonly pool: Pool } | undefined;

  constructor(address: LeaderAddress) {
    this.#address = address;
  }

  /** Sends one request, whose answer `schema` reads. Never rejects. */
  async post<Answer extends z.ZodType>(
    request: LinkRequest,
    schema: Answer,
    signal: AbortSignal,
  ): Promise<LinkOutcome<z.output<Answer>>> {
    const { tracing } = this.#address;
    const span = tracing?.begin(`control ${request.path}`, 'client', { attributes: {} });
    const outcome = await this.#post(request, schema, { signal, span });
    if (outcome.kind !== 'answer') span?.fail(outcome.kind);
    span?.end();
    return outcome;
  }

  async #post<Answer extends z.ZodType>(
    { path, body: request }: LinkRequest,
    schema: Answer,
    { signal, span }: { readonly signal: AbortSignal; readonly span: Span | undefined },
  ): Promise<LinkOutcome<z.output<Answer>>> {
    try {
      const pool = await this.#pool();
      const token = (await readFile(this.#address.tokenFile, 'utf8')).trim();
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          ...(span && { traceparent: span.traceparent }),
        },
        body: JSON.stringify(request),
        signal,
      });
      const json = await readJson(body, {
        maxBytes: MAX_ANSWER_BYTES,
        tooLarge: () => new Error('the answer is too large'),
        notJson: () => new Error(`the answer (HTTP ${statusCode}) is not JSON`),
      });
      return statusCode === 200 ? readAnswer(json, schema) : readProblem(statusCode, json);
    } catch (error) {
      return unreachable(describe(error));
    }
  }

  /** Ends all connections, what is under way included. */
  async close(): Promise<void> {
    await this.#open?.pool.destroy();
    this.#open = undefined;
  }

  async #pool(): Promise<Pool> {
    const ca = await readFile(this.#address.caFile, 'utf8');
    if (this.#open?.ca === ca) return this.#open.pool;
    // What is under way on the old connections is finished there.
    void this.#open?.pool.close();
    const pool = new Pool(this.#address.url, {
      connections: CONNECTIONS,
      pipelining: 1,
      headersTimeout: HEADERS_MS,
      bodyTimeout: BODY_MS,
      connect: { ca, minVersion: 'TLSv1.3', timeout: CONNECT_MS },
    });
    this.#open = { ca, pool };
    return pool;
  }
}

/** How a request ended, in words. */
export function wordsOf(outcome: LinkOutcome<unknown>): string {
  switch (outcome.kind) {
    case 'answer':
      return 'it answered';
    case 'problem':
      return `${outcome.problem.detail} (${outcome.problem.code})`;
    case 'unreachable':
      return outcome.message;
    default:
      return outcome satisfies never;
  }
}

function readAnswer<Answer extends z.ZodType>(
  json: unknown,
  schema: Answer,
): LinkOutcome<z.output<Answer>> {
  const read = readTolerantly(schema, json);
  if (!read.success) return unreachable(`the answer is not one: ${explainIssues(read.error)}`);
  return { kind: 'answer', answer: read.data };
}

function readProblem(status: number, json: unknown): LinkOutcome<never> {
  const read = readTolerantly(problemSchema, json);
  if (!read.success) return unreachable(`something that is no leader answered HTTP ${status}`);
  return { kind: 'problem', problem: read.data };
}

function unreachable(message: string): LinkOutcome<never> {
  return { kind: 'unreachable', message };
}

function describe(error: unknown): string {
  const code = errorCode(error);
  const message = errorMessage(error);
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
