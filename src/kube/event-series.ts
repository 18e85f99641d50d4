import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../lib/clock.ts';
import { redactTokens } from '../lib/secret.ts';
import { toMicroTime } from './micro-time.ts';
import { apiVersionOf, type KubeObject, type Manifest, type Resource } from './resource.ts';
import { EVENTS, type ObjectReference } from './well-known.ts';

/** Something that happened to an object, in words for whoever describes it. */
export interface ObjectEvent {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** Why, for programs to match: `UpperCamelCase`. */
  readonly reason: string;
  /** What was being done: `UpperCamelCase`. */
  readonly action: string;
  /** For people. What looks like a bot token is taken out, what is too long is cut. */
  readonly note: string;
}

/** Who reports. */
export interface EventSource {
  /** The program, such as `tenantbot.dev/operator`. */
  readonly controller: string;
  /** The replica: its pod's name. */
  readonly instance: string;
}

/** A repeat is written this often at most. */
const INTERVAL_MS = 60_000;
/** As client-go: after this long without a repeat the next one is a new event. */
const ENDS_AFTER_MS = 6 * 60_000;
/** The server's own limit, in bytes. */
const MAX_NOTE_BYTES = 1024;
/** Leaves room for the suffix in the 253 characters of a name. */
const MAX_NAME_LENGTH = 200;

/** One event object of the server's, from when it first happens to its last repeat. */
export class EventSeries {
  readonly manifest: Manifest;
  readonly #clock: Clock;
  #count = 0;
  #written = 0;
  #lastObservedTime = '';
  #observedAtMs = 0;
  #dueMs: number;

  /** `suffix` makes the event's name its own. */
  constructor(event: ObjectEvent, source: EventSource, clock: Clock, suffix: string) {
    this.manifest = manifestOf(event, source, toMicroTime(clock.wallMs()), suffix);
    this.#clock = clock;
    this.#dueMs = clock.monotonicMs();
  }

  /** It happened once more. */
  observe(): void {
    this.#count++;
    this.#observedAtMs = this.#clock.monotonicMs();
    this.#lastObservedTime = toMicroTime(this.#clock.wallMs());
  }

  get count(): number {
    return this.#count;
  }

  /** How it is told that it happened more than once. */
  get series(): { readonly count: number; readonly lastObservedTime: string } | undefined {
    if (this.#count === 1) return undefined;
    return { count: this.#count, lastObservedTime: this.#lastObservedTime };
  }

  /** Whether the server has it, if with fewer repeats. */
  get created(): boolean {
    return this.#written > 0;
  }

  /** When it is to be written, on the monotonic clock; undefined where the server knows it all. */
  get dueMs(): number | undefined {
    return this.#written < this.#count ? this.#dueMs : undefined;
  }

  /** Whether a repeat would be a new event. */
  get ended(): boolean {
    return this.#clock.monotonicMs() - this.#observedAtMs >= ENDS_AFTER_MS;
  }

  /** The server knows of it up to `count`. */
  wrote(count: number): void {
    this.#written = count;
    this.postpone(INTERVAL_MS);
  }

  /** The server has it no more (events expire): it is to be created again. */
  lost(): void {
    this.#written = 0;
  }

  /** Not to be written before `delayMs` from now. */
  postpone(delayMs: number): void {
    this.#dueMs = this.#clock.monotonicMs() + delayMs;
  }
}

/** The reference to `object` for its events; what comes from a list does not name its own kind. */
export function referenceTo(resource: Resource, { metadata }: KubeObject): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name,
    ...(namespace !== undefined && { namespace }),
    uid,
    resourceVersion,
  };
}

function manifestOf(
  { note, ...event }: ObjectEvent,
  { controller, instance }: EventSource,
  eventTime: string,
  suffix: string,
): Manifest {
  const { name, namespace = 'default' } = event.regarding;
  return {
    apiVersion: apiVersionOf(EVENTS),
    kind: EVENTS.kind,
    metadata: { name: `${name.slice(0, MAX_NAME_LENGTH)}.${suffix}`, namespace },
    eventTime,
    reportingController: controller,
    reportingInstance: instance,
    ...event,
    note: shortened(redactTokens(note)),
  };
}

function shortened(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  const mark = '…';
  const room = MAX_NOTE_BYTES - Buffer.byteLength(mark);
  // A character that is cut in half stays in the decoder.
  return new StringDecoder('utf8').write(bytes.subarray(0, room)) + mark;
}
