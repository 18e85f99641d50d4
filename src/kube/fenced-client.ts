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
import type { KubeObject, Manifest, ObjectRef, Resource } from './resource.ts';

/**
 * A client whose writes `fence` has a veto on, up to the moment before each is sent: what a leader
 * writes with. Reads pass.
 */
export class FencedClient implements KubeClient {
  readonly #client: KubeClient;
  readonly #fence: () => void;

  constructor(client: KubeClient, fence: () => void) {
    this.#client = client;
    this.#fence = fence;
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options?: CallOptions,
  ): Promise<T> {
    return this.#client.get(resource, ref, options);
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListPage<T>> {
    return this.#client.list(resource, options);
  }

  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>> {
    return this.#client.watch(resource, options);
  }

  create<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options?: WriteOptions,
  ): Promise<T> {
    return this.#client.create(resource, object, this.#fenced(options));
  }

  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options?: WriteOptions,
  ): Promise<T> {
    return this.#client.replace(resource, object, this.#fenced(options));
  }

  mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: object,
    options?: WriteOptions,
  ): Promise<T> {
    return this.#client.mergePatch(resource, ref, patch, this.#fenced(options));
  }

  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options: ApplyOptions,
  ): Promise<T> {
    return this.#client.apply(resource, object, this.#fenced(options));
  }

  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    return this.#client.delete(resource, ref, this.#fenced(options));
  }

  getPath(path: string, options?: CallOptions): Promise<unknown> {
    return this.#client.getPath(path, options);
  }

  #fenced<Options extends CallOptions>(options: Options | undefined) {
    return { ...(options as Options), guard: this.#fence };
  }
}
