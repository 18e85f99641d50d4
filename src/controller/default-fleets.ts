import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { formatPath } from '../api/explain.ts';
import { parseBotFleet } from '../api/manifest.ts';
import type { Manifest } from '../kube/resource.ts';
import { errorCode, errorMessage, inputError } from '../lib/errors.ts';

/**
 * The BotFleets in a YAML file, checked, as they are to be applied to `namespace`: without defaults
 * filled in, so that the operator owns only the fields that somebody wrote. The chart can't bring
 * them as objects of its own, since Helm refuses a resource whose CRD arrives in the same release.
 */
export async function readDefaultFleets(path: string, namespace: string): Promise<Manifest[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const why = `the file of default fleets ${path} can't be read (${errorCode(error)})`;
    throw inputError('FLEETS_UNREADABLE', why, error);
  });
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem) throw inputError('FLEETS_NOT_YAML', `${path}: ${errorMessage(problem)}`);
    const written: unknown = document.toJS();
    return written === null ? [] : [inNamespace(checked(written, path), namespace)];
  });
}

function checked(written: unknown, path: string): Manifest {
  const result = parseBotFleet(written);
  if (result.ok) return written as Manifest;
  const problems = result.problems.map(({ path: at, message }) => `${formatPath(at)} ${message}`);
  throw inputError('FLEETS_INVALID', `${path}: ${problems.join('; ')}`);
}

function inNamespace(fleet: Manifest, namespace: string): Manifest {
  return { ...fleet, metadata: { ...fleet.metadata, namespace } };
}
