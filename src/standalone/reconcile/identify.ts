import { createHash } from 'node:crypto';
import type { Identity } from '../data/state.ts';
import type { ManifestObject, ObjectId } from '../manifests/manifest-object.ts';

/** What {@link identify} goes by. */
export interface IdentifyInput {
  /** Who was there before, also those that a broken file hides. */
  readonly before: ReadonlyMap<ObjectId, Identity>;
  readonly objects: ReadonlyMap<ObjectId, ManifestObject>;
  /** Files whose objects may be more than `objects` shows. */
  readonly broken: ReadonlySet<string>;
  /** RFC 3339. */
  readonly now: string;
  readonly newUid: () => string;
}

/**
 * Who each object is, as an API server would say: the same uid while the object exists, a new
 * generation with every change of its spec. Whoever is gone is forgotten, save what a broken file
 * may still hold. Changes nothing where nothing has changed.
 */
export function identify(input: IdentifyInput): Map<ObjectId, Identity> {
  const { before, objects, broken, now, newUid } = input;
  const after = new Map<ObjectId, Identity>();
  for (const [id, object] of objects) {
    if (object.kind === 'Secret') continue;
    const { namespace, name } = object.object.metadata;
    const specHash = hash(object.object.spec);
    const seen = { namespace, name, specHash, file: object.place.file };
    const known = before.get(id);
    after.set(
      id,
      known
        ? {
            ...known,
            ...seen,
            generation: known.generation + (known.specHash === specHash ? 0 : 1),
          }
        : { ...seen, uid: newUid(), generation: 1, creationTimestamp: now },
    );
  }
  for (const [id, known] of before) {
    if (!after.has(id) && broken.has(known.file)) after.set(id, known);
  }
  return after;
}

/** The schema fixes the order of the fields, so equal specs have equal text. */
function hash(spec: unknown): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('base64url');
}
