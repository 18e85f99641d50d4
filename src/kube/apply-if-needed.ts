import type { ApplyOptions, KubeClient } from './client.ts';
import { contentHash } from './content-hash.ts';
import { hasDrifted } from './drift.ts';
import type { KubeObject, Manifest, Resource } from './resource.ts';

/** A desired object, and what is known of the live one. */
export interface ApplyIfNeeded<T extends KubeObject> extends ApplyOptions {
  readonly desired: Manifest;
  /** As last read; undefined where there is none. */
  readonly live: T | undefined;
  /** The annotation that keeps the hash of what was applied last. */
  readonly hashAnnotation: string;
}

/**
 * Applies `desired` unless the live object says that this would change nothing: the same was
 * applied last, by the hash in its annotation, and nobody has changed or removed any of it since.
 * The hash finds what `desired` no longer says, the comparison ({@link hasDrifted}) what others
 * did. Keeps no state, so a restart and a second replica write nothing either. What is written
 * rests on `live`: it is refused with a conflict where that is no longer the newest.
 *
 * Resolves to the object as it is now, and whether it was written.
 */
export async function applyIfNeeded<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  { desired, live, hashAnnotation, ...options }: ApplyIfNeeded<T>,
): Promise<{ readonly object: T; readonly written: boolean }> {
  const { metadata } = desired;
  const annotations = { ...metadata.annotations, [hashAnnotation]: contentHash(desired) };
  const marked: Manifest = { ...desired, metadata: { ...metadata, annotations } };
  if (live !== undefined && !hasDrifted(marked, live)) return { object: live, written: false };
  const read = live && { uid: live.metadata.uid, resourceVersion: live.metadata.resourceVersion };
  const rested: Manifest = { ...marked, metadata: { ...marked.metadata, ...read } };
  return { object: await client.apply(resource, rested, options), written: true };
}
