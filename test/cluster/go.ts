import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environmentError } from '../../src/lib/errors.ts';

const run = promisify(execFile);

const CANDIDATES = ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go'];

/**
 * The Go that builds the module in `folder`, as new as its go.mod wants it. Rejects with how to get
 * one where there is none.
 */
export async function findGo(folder: string): Promise<string> {
  const wanted = await wantedVersion(folder);
  const found: string[] = [];
  for (const go of CANDIDATES) {
    const version = await goVersion(go, folder);
    if (version === undefined) continue;
    if (isAtLeast(version, wanted)) return go;
    found.push(`${go} is ${version}`);
  }
  const there = found.length > 0 ? found.join(', ') : 'there is none';
  throw environmentError(
    'GO_MISSING',
    `the Kubernetes components are built with Go ${wanted} or newer, and on this machine ${there}; install it from https://go.dev/dl/ (unpacked to /usr/local/go it is found by itself), or name a cluster with KUBECONFIG_E2E, or a folder with etcd and kube-apiserver with KUBEBUILDER_ASSETS`,
  );
}

async function wantedVersion(folder: string): Promise<string> {
  const module = await readFile(join(folder, 'go.mod'), 'utf8');
  return /^go (.+)$/m.exec(module)?.[1] ?? '1.25.0';
}

/** Asked inside the module: a Go that may fetch the version that go.mod wants answers as that one. */
async function goVersion(go: string, cwd: string): Promise<string | undefined> {
  try {
    return (await run(go, ['env', 'GOVERSION'], { cwd })).stdout.trim().replace(/^go/, '');
  } catch {
    return undefined;
  }
}

function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) >= 0;
}
