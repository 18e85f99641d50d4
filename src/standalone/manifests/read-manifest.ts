import { formatPath } from '../../api/explain.ts';
import { parseManifest } from '../../api/manifest.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { ManifestObject } from './manifest-object.ts';
import type { ManifestFile } from './manifest-set.ts';
import { readManifestText } from './manifest-text.ts';
import type { ManifestProblem } from './place.ts';
import { readYamlDocuments, type YamlDocument } from './yaml-documents.ts';

/**
 * Reads the manifest at `path`, named `file` in what is said about it. Never rejects: whatever is
 * wrong becomes a problem with its place, and the documents beside it count.
 */
export async function readManifest(path: string, file: string): Promise<ManifestFile> {
  try {
    const documents = await readYamlDocuments(await readManifestText(path));
    const read = documents.map((document) => readDocument(document, file));
    return {
      file,
      objects: read.flatMap(({ objects }) => objects),
      problems: read.flatMap(({ problems }) => problems),
    };
  } catch (error) {
    return {
      file,
      objects: [],
      problems: [{ file, message: errorMessage(error) }],
    };
  }
}

interface Read {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

function readDocument(document: YamlDocument, file: string): Read {
  const [fault] = document.faults;
  if (fault) {
    // One slip often makes the parser stumble many times; the first is the one to mend.
    return { objects: [], problems: [{ file, ...fault }] };
  }
  if (document.value === null || document.value === undefined) return { objects: [], problems: [] };
  const items = listItems(document.value);
  const read = (items ?? [document.value]).map((value, index) =>
    readObject(value, items ? ['items', index] : [], { document, file }),
  );
  return {
    objects: read.flatMap(({ objects }) => objects),
    problems: read.flatMap(({ problems }) => problems),
  };
}

/** The objects of a `kind: List`, as `kubectl get -o yaml` prints several. */
function listItems(value: unknown): readonly unknown[] | undefined {
  const list = value as { readonly kind?: unknown; readonly items?: unknown };
  return list.kind === 'List' && Array.isArray(list.items) ? list.items : undefined;
}

function readObject(
  value: unknown,
  path: readonly PropertyKey[],
  { document, file }: { readonly document: YamlDocument; readonly file: string },
): Read {
  const checked = parseManifest(value);
  if (checked.ok) {
    return {
      objects: [{ ...checked.value, place: { file, ...document.positionOf(path) } }],
      problems: [],
    };
  }
  const who = nameOf(value);
  const object = idOf(value);
  const problems = checked.problems.map((problem): ManifestProblem => {
    const where = problem.path.length === 0 ? who : `${who}: ${formatPath(problem.path)}`;
    const { line, column } = document.positionOf([...path, ...problem.path]);
    const message = `${where}: ${problem.message}`;
    return { file, line, column, object, message };
  });
  return { objects: [], problems };
}

/** The {@link ObjectId} that the object would have, where it says enough of itself. */
function idOf(value: unknown): string | undefined {
  const { kind, metadata } = (value ?? {}) as { kind?: unknown; metadata?: unknown };
  const { name, namespace = 'default' } = (metadata ?? {}) as {
    name?: unknown;
    namespace?: unknown;
  };
  const parts = [kind, namespace, name];
  return parts.every((part) => typeof part === 'string') ? parts.join('/') : undefined;
}

/** What a person would call the object, as far as it says. */
function nameOf(value: unknown): string {
  const { kind, metadata } = (value ?? {}) as { kind?: unknown; metadata?: { name?: unknown } };
  const name: unknown = metadata?.name;
  const shown = [kind, name].filter((part) => typeof part === 'string' && part.length <= 253);
  return shown.length === 0 ? 'this document' : shown.join(' ');
}
