import { request } from 'node:https';
import type { Credentials } from './credentials.ts';

/** An answer of an API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The few calls that bringing a node up takes, as admin, to the API server at a port of ours. */
export class ApiClient {
  readonly #port: number;
  readonly #credentials: Credentials;

  constructor(port: number, credentials: Credentials) {
    this.#port = port;
    this.#credentials = credentials;
  }

  /** Resolves to whatever the server answers; the body is parsed where it is JSON. */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          method,
          path,
          ca: this.#credentials.caPem,
          agent: false,
          timeout: 5_000,
          headers: {
            authorization: `Bearer ${this.#credentials.adminToken}`,
            'content-type': 'application/json',
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          answer.once('error', reject);
          answer.once('end', () =>
            resolve({ status: answer.statusCode ?? 0, body: parse(text) }),
          );
        },
      );
      outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 5 s')));
      outgoing.once('error', reject);
      outgoing.end(body && JSON.stringify(body));
    });
  }

  /** Creates `object` at `path`; rejects unless the server took it or had it already. */
  async create(path: string, object: object): Promise<void> {
    const { status, body } = await this.call('POST', path, object);
    if (status !== 201 && status !== 409) {
      throw new Error(`POST ${path} was answered ${status}: ${JSON.stringify(body)}`);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
