import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { environmentError, errorMessage } from '../../src/lib/errors.ts';
import type { WorkOptions } from './work-options.ts';

const run = promisify(execFile);

/**
 * Resolves once these packages of Debian are installed; root gets them installed, for others the
 * rejection names the command. Systems without dpkg are taken at their word.
 */
export async function ensureSystemPackages(
  packages: readonly string[],
  { log, signal }: WorkOptions,
): Promise<void> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) {
    throw environmentError('PACKAGES_MISSING', `run: sudo ${command}`);
  }
  log(`installing ${missing.join(', ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('sh', ['-c', `apt-get update && ${command}`], { env, signal, maxBuffer: 2 ** 26 });
  } catch (error) {
    throw environmentError(
      'PACKAGES_MISSING',
      `cannot install ${missing.join(', ')}; try: ${command}\n${errorMessage(error)}`,
      error,
    );
  }
}

async function missingPackages(packages: readonly string[]): Promise<readonly string[]> {
  if (packages.length === 0) return [];
  try {
    await run('dpkg-query', ['--version']);
  } catch {
    return [];
  }
  const checked = await Promise.all(
    packages.map(async (name) => ((await isInstalled(name)) ? [] : [name])),
  );
  return checked.flat();
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    const { stdout } = await run('dpkg-query', ['-W', '-f=${db:Status-Status}', name]);
    return stdout === 'installed';
  } catch {
    return false;
  }
}
