import type { BotName } from './bot-access.ts';

/** Kinds of objects, by their names in paths. */
export type Plural = 'tenantbots' | 'botfleets';

/** Which objects. */
export interface ObjectSelection {
  readonly plural: Plural;
  /** All of them where undefined. */
  readonly namespace: string | undefined;
  /** As `kubectl --selector`. */
  readonly labels: string | undefined;
  /** As `kubectl --field-selector`. */
  readonly fields: string | undefined;
}

/** An object as `kubectl get -o json` shows it. */
export interface SeenObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly generation?: number | undefined;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>> | undefined;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
  };
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** One change of what is watched. */
export interface SeenChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: SeenObject;
}

/** What a command needs that shows objects, wherever they are. Methods reject in words for people. */
export interface ObjectAccess {
  /** Where an object is that is named without a namespace. */
  readonly namespace: string;
  /** The objects, by namespace and name. */
  objects(selection: ObjectSelection): Promise<readonly SeenObject[]>;
  object(plural: Plural, name: BotName): Promise<SeenObject>;
  /** What there is as ADDED, then every change, until there is nobody left to tell of any. */
  watch(selection: ObjectSelection): AsyncIterable<SeenChange>;
  /** The namespaces that there are. */
  namespaces(): Promise<readonly string[]>;
  /** What is wrong with manifests, a line each: where objects come from files. */
  manifestProblems(): Promise<readonly string[]>;
}
