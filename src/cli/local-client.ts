import type { BotRequests } from '../api/bot-requests.ts';
import { API_VERSION } from '../api/group.ts';
import type { RetrySnapshot } from '../api/retry-counts.ts';
import { environmentError, errorMessage, inputError } from '../lib/errors.ts';
import type { Endpoint } from '../standalone/data/endpoint-file.ts';
import type { Answer } from '../standalone/emulated/conversation.ts';
import type { QueryAnswer, QueryArgs, QueryName } from '../standalone/local-api/history-routes.ts';
import type { ManifestProblem } from '../standalone/manifests/place.ts';
import type { StoredObject, WatchEvent } from '../standalone/object-store.ts';
import { AdminClient } from './admin-client.ts';
import type { BotName } from './bot-access.ts';

/** Which objects. */
export interface Selection {
  readonly plural: 'tenantbots' | 'botfleets';
  /** All of them where undefined. */
  readonly namespace: string | undefined;
}

interface SendOptions {
  /** The local API unless given. */
  readonly url?: string;
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
}

const ROOT = `/apis/${API_VERSION}`;

/** Talks to the running standalone. Every method rejects in words for people. */
export class LocalClient {
  readonly #endpoint: Endpoint;

  /** `endpoint` as the standalone has left it in its data folder `data`. */
  constructor(endpoint: Endpoint | undefined, data: string) {
    if (!endpoint) throw notRunning(data);
    this.#endpoint = endpoint;
  }

  /** The admin API of the same standalone. */
  get admin(): AdminClient {
    const { adminUrl: url, token } = this.#endpoint;
    return new AdminClient({ url, token });
  }

  async list(selection: Selection): Promise<StoredObject[]> {
    const response = await this.#send('GET', listPath(selection));
    return ((await response.json()) as { items: StoredObject[] }).items;
  }

  async get(
    { plural }: Pick<Selection, 'plural'>,
    { namespace, name }: BotName,
  ): Promise<StoredObject> {
    const path = `${listPath({ plural, namespace })}/${encodeURIComponent(name)}`;
    return (await (await this.#send('GET', path)).json()) as StoredObject;
  }

  /** Every object as ADDED, then every change, until `signal` aborts or the standalone ends. */
  async *watch(selection: Selection, signal?: AbortSignal): AsyncGenerator<WatchEvent> {
    const response = await this.#send('GET', `${listPath(selection)}?watch=true`, { signal });
    yield* valuesOf<WatchEvent>(response);
  }

  /** What is wrong with manifests now. */
  async problems(): Promise<ManifestProblem[]> {
    const response = await this.#send('GET', '/problems');
    return ((await response.json()) as { problems: ManifestProblem[] }).problems;
  }

  /** The retries since the start or the last reset; resets them where that is wanted. */
  async retries({ reset }: { readonly reset: boolean }): Promise<RetrySnapshot> {
    const response = await this.#send(reset ? 'DELETE' : 'GET', '/v1/retries');
    return (await response.json()) as RetrySnapshot;
  }

  /** Asks the history. */
  async history<Name extends QueryName>(
    query: Name,
    args: QueryArgs<Name>,
  ): Promise<QueryAnswer<Name>> {
    const response = await this.#send('POST', `/v1/history/${query}`, { body: args });
    return (await response.json()) as QueryAnswer<Name>;
  }

  /** Asks something of a bot beyond its spec. */
  async request(bot: BotName, requests: BotRequests): Promise<void> {
    await this.#send('POST', `${botPath(bot)}/requests`, { body: requests });
  }

  /** Says something to a bot as a user and waits for what it answers. */
  async ask(
    bot: BotName,
    body: { readonly as: string; readonly text: string; readonly timeoutMs: number },
  ): Promise<Answer> {
    const response = await this.#send('POST', messagesPath(bot), { body });
    return (await response.json()) as Answer;
  }

  /** What the bot says to the user from now on. */
  async *listen(bot: BotName, as: string, signal: AbortSignal): AsyncGenerator<string> {
    const path = `${messagesPath(bot)}?as=${encodeURIComponent(as)}`;
    const response = await this.#send('GET', path, { signal });
    for await (const { text } of valuesOf<{ text: string }>(response)) yield text;
  }

  /** Where the page opens, once and within a minute, without a token being typed. */
  async pageAddress(): Promise<string> {
    const { adminUrl: url } = this.#endpoint;
    const response = await this.#send('POST', '/v1/session/codes', { url });
    const { code } = (await response.json()) as { readonly code: string };
    return `${url}/open?code=${code}`;
  }

  async #send(
    method: string,
    path: string,
    { url = this.#endpoint.url, body, signal }: SendOptions = {},
  ): Promise<Response> {
    const { token } = this.#endpoint;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token.reveal()}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      throw environmentError(
        'STANDALONE_GONE',
        `the standalone at ${url} (process ${this.#endpoint.pid}) does not answer: ${causeOf(error)}. Start it again with \`npm start\` or \`tenantbot standalone\``,
        error,
      );
    });
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
    throw inputError(
      problem.code ?? 'STANDALONE_REFUSED',
      problem.detail ?? `the standalone answered with status ${response.status}`,
    );
  }
}

function notRunning(data: string): Error {
  return environmentError(
    'STANDALONE_NOT_RUNNING',
    `no standalone runs with the data folder ${data}. Start one with \`npm start\` or \`tenantbot standalone\`, name its folder with --data, or ask a cluster with --context or --kubeconfig`,
  );
}

function causeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return errorMessage(cause ?? error);
}

function listPath({ plural, namespace }: Selection): string {
  return namespace === undefined
    ? `${ROOT}/${plural}`
    : `${ROOT}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

function messagesPath(bot: BotName): string {
  return `${botPath(bot)}/messages`;
}

function botPath({ namespace, name }: BotName): string {
  return `${listPath({ plural: 'tenantbots', namespace })}/${encodeURIComponent(name)}`;
}

/** The values of a body that has one a line, as they come. */
async function* valuesOf<Value>(response: Response): AsyncGenerator<Value> {
  let rest = '';
  for await (const text of textOf(response)) {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Value;
  }
}

async function* textOf({ body }: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const bytes of body ?? []) yield decoder.decode(bytes, { stream: true });
  } catch (error) {
    throw environmentError('STANDALONE_GONE', 'the standalone has ended', error);
  }
}
