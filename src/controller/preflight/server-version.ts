import { z } from 'zod';
import { environmentError } from '../../lib/errors.ts';

/** `selectableFields` of CRDs and the CEL rules in ours need it. */
const OLDEST = { major: 1, minor: 32 } as const;

const versionSchema = z.object({ major: z.string(), minor: z.string() });

/** What is wrong with the API server's answer to `/version`, if anything. */
export function versionProblem(answer: unknown): string | undefined {
  const { success, data } = versionSchema.safeParse(answer);
  // Some distributions write "35+".
  const [major, minor] = [data?.major, data?.minor].map((part) => Number.parseInt(part ?? '', 10));
  if (!success || major === undefined || minor === undefined || Number.isNaN(major + minor)) {
    throw environmentError('KUBE_VERSION_UNREADABLE', 'The API server did not tell its version.');
  }
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return undefined;
  return `The API server is Kubernetes ${major}.${minor}; this operator needs ${OLDEST.major}.${OLDEST.minor} or newer. Upgrade the cluster.`;
}
