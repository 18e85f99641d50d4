import { signal } from '@preact/signals';

/** What went wrong with a request, in the words of the server's problem document where it sent one. */
export class Problem extends Error {
  /** 0 where there was no answer at all. */
  readonly status: number;
  /** Stable, for programs and for searching. */
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Whether the server knows who asks. `unknown` until the first answer. */
export const session = signal<'unknown' | 'in' | 'out'>('unknown');

/** What a request is made with. */
export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Asks the admin API and resolves to its answer; nobody checks it a second time, since the server
 * has made it by the same schema. Rejects with a {@link Problem}, or as `signal` says.
 */
export async function request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await send(path, options);
  if (response.status === 401) session.value = 'out';
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}

async function send(path: string, { method = 'GET', body, signal }: RequestOptions) {
  const headers: Record<string, string> = { accept: 'application/json' };
  // No form and no link of another site can send it.
  if (method !== 'GET') headers['x-tenantbot-request'] = '1';
  if (body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await fetch(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(
      0,
      'NO_ANSWER',
      'The server does not answer. Is it running, and can this machine reach it?',
    );
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const found = (await response.json().catch(() => ({}))) as {
    readonly code?: string;
    readonly title?: string;
    readonly detail?: string;
  };
  const words = found.detail ?? found.title ?? `The server answered with ${response.status}.`;
  const wait = response.headers.get('retry-after');
  const detail = response.status === 429 && wait ? `${words} Try again in ${wait} s.` : words;
  return new Problem(response.status, found.code ?? `HTTP_${response.status}`, detail);
}

/** Any error as one that can be shown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, 'PAGE_FAILED', error instanceof Error ? error.message : String(error));
}
