import { Agent, fetch } from 'undici';
import { environmentError, errorMessage, inputError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';

/** Where an admin API is, and what it takes to be let in. */
export interface AdminEndpoint {
  readonly url: string;
  readonly token: Secret;
  /** What its certificate is checked against and by, where that is not as with any server. */
  readonly tls?: AdminTls | undefined;
}

/** How the certificate of an admin API is checked. */
export interface AdminTls {
  /** PEM; those of the machine unless given. */
  readonly ca?: string | undefined;
  /** The name that it must have; that of the address unless given. */
  readonly serverName?: string | undefined;
}

/** What is left undefined is not said. */
export type AdminQuery = Readonly<Record<string, string | number | boolean | undefined>>;

/** Asks an admin API, of a standalone or of an operator. Every method rejects in words for people. */
export class AdminClient {
  readonly #endpoint: AdminEndpoint;
  readonly #agent: Agent | undefined;

  constructor(endpoint: AdminEndpoint) {
    this.#endpoint = endpoint;
    const { ca, serverName: servername } = endpoint.tls ?? {};
    const connect = {
      ...(ca !== undefined && { ca }),
      ...(servername !== undefined && { servername }),
    };
    this.#agent = endpoint.tls && new Agent({ connect });
  }

  /** The answer of a GET. `path` is written with `adminPath` where it has names in it. */
  async get<Answer>(path: string, query: AdminQuery = {}): Promise<Answer> {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    const text = new URLSearchParams(given).toString();
    return this.#send('GET', text === '' ? path : `${path}?${text}`);
  }

  /** The answer of a POST without a body. */
  post<Answer>(path: string): Promise<Answer> {
    return this.#send('POST', path);
  }

  async #send<Answer>(method: string, path: string): Promise<Answer> {
    const { url, token } = this.#endpoint;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token.reveal()}` },
      ...(this.#agent && { dispatcher: this.#agent }),
    }).catch((error: unknown) => {
      const cause: unknown = error instanceof Error ? error.cause : undefined;
      throw environmentError(
        'ADMIN_API_GONE',
        `the admin API at ${url} does not answer: ${errorMessage(cause ?? error)}`,
        error,
      );
    });
    if (response.ok) return (await response.json()) as Answer;
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
    throw inputError(
      problem.code ?? 'ADMIN_API_REFUSED',
      problem.detail ?? `the admin API at ${url} answered with status ${response.status}`,
    );
  }
}

/** `path` with the names put in where `{}` stands; none leads elsewhere. */
export function adminPath(path: string, ...names: readonly string[]): string {
  const rest = [...names];
  return path.replaceAll('{}', () => encodeURIComponent(rest.shift() ?? ''));
}
