import { type ManifestObject, type ObjectId, objectId } from './manifest-object.ts';
import { formatPlace, type ManifestProblem, problemLine } from './place.ts';

/** What reading one file came to. */
export interface ManifestFile {
  readonly file: string;
  /** The objects that keep all rules, also of a file that has faults elsewhere. */
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

/** All objects that hold, each once, and all that is to be said about the files. */
export interface ManifestSet {
  readonly objects: ReadonlyMap<ObjectId, ManifestObject>;
  readonly problems: readonly ManifestProblem[];
  /** Files with faults: what they held before this program started is not known. */
  readonly broken: ReadonlySet<string>;
}

/**
 * `now` with what its faults hide filled in from `before`: an object of a broken file stays as it
 * was last good, unless the file still shows it whole. Only a good file takes objects away.
 */
export function keepLastGood(before: ManifestFile | undefined, now: ManifestFile): ManifestFile {
  const [fault] = now.problems;
  if (!before || !fault) return now;
  const shown = new Set(now.objects.map(objectId));
  const kept = before.objects
    .filter((object) => !shown.has(objectId(object)))
    .map((object) => Object.assign({}, object, { keptBecause: problemLine(fault) }));
  return { ...now, objects: [...now.objects, ...kept] };
}

/** Joins files in their order. An object that stands twice is taken from where it stands first. */
export function mergeFiles(files: readonly ManifestFile[]): ManifestSet {
  const objects = new Map<ObjectId, ManifestObject>();
  const problems: ManifestProblem[] = [];
  for (const file of files) {
    problems.push(...file.problems);
    for (const object of file.objects) {
      const first = objects.get(objectId(object));
      if (first) problems.push(duplicate(first, object));
      else objects.set(objectId(object), object);
    }
  }
  const broken = new Set(
    files.filter(({ problems: found }) => found.length > 0).map(({ file }) => file),
  );
  return { objects, problems, broken };
}

function duplicate(first: ManifestObject, second: ManifestObject): ManifestProblem {
  const {
    kind,
    object: { metadata },
  } = second;
  const what =
    kind === 'BotFleet'
      ? `BotFleet ${metadata.name} (fleets are known by name alone)`
      : `${kind} ${metadata.namespace}/${metadata.name}`;
  return {
    ...second.place,
    message: `${what} stands in ${formatPlace(first.place)} already; that one counts, remove one of the two`,
  };
}
