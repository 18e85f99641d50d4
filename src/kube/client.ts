import type { KubeObject, Manifest, ObjectRef, Resource } from './resource.ts';

/**
 * Which calls go first when the client's own rate is short: `election` never waits, `transition` is
 * what somebody waits for, `routine` is the rest.
 */
export const PRIORITIES = ['election', 'transition', 'routine'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** `transition` unless given. */
  readonly priority?: Priority;
  /**
   * Asked each time before the request's first byte is written, however long it has waited by then.
   * Where it throws, nothing is sent, and the call rejects with that.
   */
  readonly guard?: (() => void) | undefined;
}

export interface ListOptions extends CallOptions {
  /** All namespaces where undefined. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects a page. */
  readonly limit?: number;
  /** Token of the next page, as the page before gave it. */
  readonly continue?: string;
  readonly resourceVersion?: string;
  /** Only metadata comes back (PartialObjectMetadata). */
  readonly metadataOnly?: boolean;
}

/** One page of a list. */
export interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[];
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion: string;
  /** The server ends the watch after this long. */
  readonly timeoutSeconds: number;
  readonly metadataOnly?: boolean;
}

/** One frame of a watch. An ERROR frame is not among them: it is thrown as a `KubeApiError`. */
export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WriteOptions extends CallOptions {
  /** Who writes, for server-side apply and `managedFields`. */
  readonly fieldManager?: string;
  readonly subresource?: 'status' | 'scale';
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers. */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  /** Deletes only this very object. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly gracePeriodSeconds?: number;
}

/**
 * The API server's verbs. Every method rejects with a `KubeApiError` where the server answered with
 * an error, and with an `environment` error where it could not be reached. `Retry-After` is obeyed
 * inside: a call that the server put off (429, 503) is sent again, within its signal.
 */
export interface KubeClient {
  get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options?: CallOptions,
  ): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListPage<T>>;
  /** Ends when the server ends the watch; rejects when the connection breaks or a frame is broken. */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options?: WriteOptions,
  ): Promise<T>;
  /** PUT: refused with a conflict where `metadata.resourceVersion` is not the newest. */
  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options?: WriteOptions,
  ): Promise<T>;
  /** JSON merge patch; with `metadata.resourceVersion` in it, refused where that is not the newest. */
  mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: object,
    options?: WriteOptions,
  ): Promise<T>;
  /** Server-side apply. Makes the object where there is none. */
  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: Manifest,
    options: ApplyOptions,
  ): Promise<T>;
  /** Also resolves where the object is gone already. */
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** GET of any other path, such as `/version`. */
  getPath(path: string, options?: CallOptions): Promise<unknown>;
}
