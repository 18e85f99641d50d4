import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { environmentError } from '../../src/lib/errors.ts';

const run = promisify(execFile);

/** Go's oldest version that the components build with. */
const OLDEST = { major: 1, minor: 25 };
const CANDIDATES = ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go'];

/** The Go that builds the components. Rejects with how to get one where there is none. */
export async function findGo(): Promise<string> {
  const found: string[] = [];
  for (const go of CANDIDATES) {
    const version = await goVersion(go);
    if (version === undefined) continue;
    if (isNewEnough(version)) return go;
    found.push(`${go} is ${version}`);
  }
  const wanted = `Go ${OLDEST.major}.${OLDEST.minor} or newer`;
  const there = found.length > 0 ? found.join(', ') : 'there is none';
  throw environmentError(
    'GO_MISSING',
    `the Kubernetes components are built with ${wanted}, and ${there} on this machine; install it from https://go.dev/dl/ (unpacked to /usr/local/go it is found by itself), or name a cluster with KUBECONFIG_E2E, or a folder with etcd and kube-apiserver with KUBEBUILDER_ASSETS`,
  );
}

async function goVersion(go: string): Promise<string | undefined> {
  try {
    return (await run(go, ['env', 'GOVERSION'])).stdout.trim();
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) !== OLDEST.major) return Number(major) > OLDEST.major;
  return Number(minor) >= OLDEST.minor;
}
