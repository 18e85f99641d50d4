import type { Secrets } from '../../api/bot-secrets.ts';
import { type BotKey, keyOf } from '../../api/group.ts';
import type { Manifest } from '../../api/manifest.ts';
import type { SecretObject } from '../../api/secret-manifest.ts';
import { type ManifestProblem, problemLine } from '../manifests/place.ts';

/** The Secrets among `objects`, and those that `problems` hide. */
export function secretsAmong(
  objects: Iterable<Manifest>,
  problems: readonly ManifestProblem[] = [],
): Secrets {
  const secrets = new Map<BotKey, SecretObject | { readonly message: string }>();
  for (const problem of problems) {
    const [kind, namespace, name] = problem.object?.split('/') ?? [];
    if (kind === 'Secret') secrets.set(`${namespace}/${name}`, { message: problemLine(problem) });
  }
  for (const { kind, object } of objects) {
    if (kind === 'Secret') secrets.set(keyOf(object.metadata), object);
  }
  return secrets;
}
