import { formatProblem } from '../../api/explain.ts';
import { parseSecret, type SecretObject } from '../../api/secret-manifest.ts';
import { isStatus } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Lister } from '../../kube/lister.ts';
import { type ObjectKey, objectKey } from '../../kube/resource.ts';
import { type KubeSecret, SECRETS } from '../../kube/well-known.ts';

/** What came of reading a Secret. */
export type SecretRead =
  | { readonly kind: 'found'; readonly secret: SecretObject }
  | { readonly kind: 'absent' }
  /** It can't be told what it holds. The message says whom to ask. */
  | { readonly kind: 'unreadable'; readonly message: string };

export interface SecretReaderOptions {
  readonly client: KubeClient;
  /** Only where the operator may watch Secrets: then nothing is asked for by name. */
  readonly watched?: Lister<KubeSecret>;
}

/** Reads tenants' Secrets by name: the operator's only way to them. Keeps nothing. */
export class SecretReader {
  readonly #client: KubeClient;
  readonly #watched: Lister<KubeSecret> | undefined;

  constructor({ client, watched }: SecretReaderOptions) {
    this.#client = client;
    this.#watched = watched;
  }

  /** Whether reading costs nothing, and every change is heard at once. */
  get watches(): boolean {
    return this.#watched !== undefined;
  }

  /** Reads one Secret. Rejects where the API server could not answer: then nothing is known. */
  async read(namespace: string, name: string, signal: AbortSignal): Promise<SecretRead> {
    try {
      const secret = await this.#find(namespace, name, signal);
      return secret ? decoded(secret, { namespace, name }) : { kind: 'absent' };
    } catch (error) {
      if (isStatus(error, 404)) return { kind: 'absent' };
      if (!isStatus(error, 403)) throw error;
      const message = `The operator may not read the Secret ${namespace}/${name}. Have it granted "get" on Secrets in namespace "${namespace}".`;
      return { kind: 'unreadable', message };
    }
  }

  /** Hears which Secrets change, where they are watched. */
  subscribe(listener: (key: ObjectKey) => void): () => void {
    return this.#watched?.subscribe(({ key }) => listener(key)) ?? (() => undefined);
  }

  async #find(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<KubeSecret | undefined> {
    if (this.#watched) return this.#watched.get(objectKey({ namespace, name }));
    return this.#client.get(SECRETS, { namespace, name }, { signal });
  }
}

function decoded(
  { data }: KubeSecret,
  ref: { readonly namespace: string; readonly name: string },
): SecretRead {
  const read = parseSecret({ apiVersion: 'v1', kind: 'Secret', metadata: ref, data });
  if (read.ok) return { kind: 'found', secret: read.value };
  const [problem] = read.problems;
  const why = problem ? formatProblem(problem) : 'it is no Secret';
  const message = `The Secret ${ref.namespace}/${ref.name} can't be understood: ${why}.`;
  return { kind: 'unreadable', message };
}
