import type { Clock } from '../lib/clock.ts';
import { environmentError } from '../lib/errors.ts';
import type { Random } from '../lib/random.ts';
import { isAlreadyExists } from './api-error.ts';
import { textError } from './api-status.ts';
import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ListPage,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { hasDrifted } from './drift.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { collectionPath, objectPath, type Query, queryString } from './paths.ts';
import {
  type KubeAnswer,
  type KubeRequest,
  RequestSender,
  type RestClientMetrics,
} from './request-sender.ts';
import {
  type KubeObject,
  type Manifest,
  type ObjectRef,
  objectKey,
  type Resource,
} from './resource.ts';
import type { Rate } from './token-bucket.ts';
import { watchEvents } from './watch-frames.ts';

/** How a client reaches its API server. */
export interface HttpKubeClientOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly userAgent: string;
  /** The client's own rate; 50 a second, 100 at once unless given. */
  readonly rate?: Rate;
  /** Connections that calls share; 16 unless given. Watches and elections have their own. */
  readonly connections?: number;
  /** For one try of a call, from sending to the whole answer; 30 s unless given. */
  readonly timeoutMs?: number;
  readonly metrics?: RestClientMetrics;
}

const METADATA_ONLY = 'application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadata';
const WRITE_TYPES = {
  POST: 'application/json',
  PUT: 'application/json',
  DELETE: 'application/json',
  PATCH: 'application/merge-patch+json',
} as const;
/** JSON is YAML, and there is no apply patch in JSON's own name. */
const APPLY_TYPE = 'application/apply-patch+yaml';

/**
 * The API server's verbs over HTTP.
 *
 * Every call is sent again after a lost connection, though nobody knows then whether the first copy
 * was carried out:
 * - reads, `delete`, and `apply` and `mergePatch` without a resourceVersion give the same result
 *   twice;
 * - `replace`, and `apply` and `mergePatch` with a resourceVersion, are refused with a conflict where
 *   the first copy was carried out, so that the caller reads the object anew, as after any conflict;
 * - `create` is refused as `AlreadyExists`; then the object is read, and where it holds all that
 *   was sent, the call has done its work and resolves to it.
 */
export class HttpKubeClient implements KubeClient {
  readonly #sender: RequestSender;

  constructor(options: HttpKubeClientOptions) {
    this.#sender = new RequestSender({
      rate: { perSecond: 50, burst: 100 },
      connections: 16,
      timeoutMs: 30_000,
      ...options,
    });
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: CallOptions = {},
  ): Promise<T> {
    const what = words('get', resource, ref);
    return this.#json<T>({
      ...call(options),
      method: 'GET',
      what,
      path: objectPath(resource, ref),
    });
  }

  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<ListPage<T>> {
    const { namespace, metadataOnly, labelSelector, fieldSelector, limit, resourceVersion } =
      options;
    const query = {
      labelSelector,
      fieldSelector,
      limit,
      resourceVersion,
      continue: options.continue,
    };
    return this.#json<ListPage<T>>({
      ...call(options),
      method: 'GET',
      what: words('list', resource, { namespace }),
      path: collectionPath(resource, namespace) + queryString(query),
      ...(metadataOnly && { accept: `${METADATA_ONLY}List` }),
    });
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { namespace, metadataOnly, labelSelector, fieldSelector } = options;
    const { resourceVersion, timeoutSeconds } = options;
    const query = { labelSelector, fieldSelector, resourceVersion, timeoutSeconds };
    const what = words('watch', resource, { namespace });
    const { stream, status, text } = await this.#sender.send({
      ...call(options),
      method: 'GET',
      watch: true,
      what,
      path:
        collectionPath(resource, namespace) +
        queryString({ ...query, watch: true, allowWatchBookmarks: true }),
      ...(metadataOnly && { accept: METADATA_ONLY }),
    });
    if (stream === undefined) throw textError(what, status, text);
    yield* watchEvents<T>(stream, what);
  }

  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options: WriteOptions = {},
  ): Promise<T> {
    const { name, namespace } = object.metadata;
    const path = collectionPath(resource, namespace) + queryString(writeQuery(options));
    const what = words('create', resource, object.metadata);
    const answer = await this.#sender.send({
      ...call(options),
      ...written('POST', object),
      what,
      path,
    });
    try {
      return parseAnswer(what, answer) as T;
    } catch (error) {
      if (!answer.resent || !isAlreadyExists(error) || name === undefined) throw error;
      const live = await this.get(resource, { name, namespace }, options);
      if (hasDrifted(object, live)) throw error;
      return live;
    }
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options: WriteOptions = {},
  ): Promise<T> {
    const ref = refOf(object);
    return this.#json<T>({
      ...call(options),
      ...written('PUT', object),
      what: words('replace', resource, ref),
      path: writePath(resource, ref, options),
    });
  }

  async mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: object,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.#json<T>({
      ...call(options),
      ...written('PATCH', patch),
      what: words('patch', resource, ref),
      path: writePath(resource, ref, options),
    });
  }

  async apply<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options: ApplyOptions,
  ): Promise<T> {
    const ref = refOf(object);
    return this.#json<T>({
      ...call(options),
      method: 'PATCH',
      body: { contentType: APPLY_TYPE, content: object },
      what: words('apply', resource, ref),
      path: writePath(resource, ref, options, { force: options.force }),
    });
  }

  async delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const { propagationPolicy, preconditions, gracePeriodSeconds } = options;
    const what = words('delete', resource, ref);
    const answer = await this.#sender.send({
      ...call(options),
      ...written('DELETE', { propagationPolicy, preconditions, gracePeriodSeconds }),
      what,
      path: objectPath(resource, ref),
    });
    if (answer.status !== 404) parseAnswer(what, answer);
  }

  async getPath(path: string, options: CallOptions = {}): Promise<unknown> {
    return this.#json({ ...call(options), method: 'GET', what: `get ${path}`, path });
  }

  /** GET of a path whose answer has no end, such as a pod's log: its bytes, as they come. */
  async *stream(path: string, options: CallOptions = {}): AsyncGenerator<Uint8Array> {
    const what = `get ${path.replace(/\?.*$/, '')}`;
    const request = {
      ...call(options),
      method: 'GET',
      watch: true,
      what,
      path,
      accept: '*/*',
    } as const;
    const { stream, status, text } = await this.#sender.send(request);
    if (stream === undefined) throw textError(what, status, text);
    yield* stream;
  }

  /** Ends every connection, watches too. */
  close(): Promise<void> {
    return this.#sender.close();
  }

  async #json<Answer>(request: KubeRequest): Promise<Answer> {
    return parseAnswer(request.what, await this.#sender.send(request)) as Answer;
  }
}

function parseAnswer(what: string, { status, text }: KubeAnswer): unknown {
  if (status < 200 || status > 299) throw textError(what, status, text);
  try {
    return JSON.parse(text);
  } catch {
    // Node's own message quotes the text, which may be a Secret.
    throw environmentError(
      'KUBE_ANSWER_BROKEN',
      `${what}: the answer is no JSON; is this the address of an API server?`,
    );
  }
}

/** What of a call's options goes into the request as it is. */
function call({ signal, priority, guard }: CallOptions): CallOptions {
  return { signal, guard, ...(priority && { priority }) };
}

function written(
  method: keyof typeof WRITE_TYPES,
  content: object,
): Pick<KubeRequest, 'method' | 'body'> {
  return { method, body: { contentType: WRITE_TYPES[method], content } };
}

function writeQuery({ fieldManager, dryRun }: WriteOptions): Query {
  return { fieldManager, dryRun: dryRun ? 'All' : undefined };
}

function writePath(
  resource: Resource,
  ref: ObjectRef,
  options: WriteOptions,
  query: Query = {},
): string {
  const path = objectPath(resource, ref, options.subresource);
  return path + queryString({ ...writeQuery(options), ...query });
}

function refOf({ metadata: { name = '', namespace } }: Manifest): ObjectRef {
  return { name, namespace };
}

/** `get secrets team-a/token`, `list pods`: the call in errors. */
function words(verb: string, { plural }: Resource, ref: Partial<ObjectRef>): string {
  const { name, namespace } = ref;
  if (name !== undefined) return `${verb} ${plural} ${objectKey({ name, namespace })}`;
  return namespace === undefined ? `${verb} ${plural}` : `${verb} ${plural} in ${namespace}`;
}
