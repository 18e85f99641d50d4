import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

/** A Python of this machine that is new enough. */
export interface Python {
  readonly command: string;
  readonly version: string;
}

/** The machine's Python, undefined where there is none or only one that is older than `oldest`. */
export function findPython(oldest: string): Python | undefined {
  const [wantedMajor = 0, wantedMinor = 0] = oldest.split('.').map(Number);
  for (const command of ['python3', 'python']) {
    const version = versionOf(command);
    const [major = 0, minor = 0] = version?.split('.').map(Number) ?? [];
    if (version !== undefined && major === wantedMajor && minor >= wantedMinor) {
      return { command, version };
    }
  }
  return undefined;
}

function versionOf(command: string): string | undefined {
  try {
    const print = 'import platform, ensurepip, venv; print(platform.python_version())';
    return execFileSync(command, ['-c', print], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

/**
 * The path of a Python that has what the file `requirements` names, in a cache of the user's own. An
 * environment gets its name only once it is whole, so that a half-finished one is never used, and
 * of two that are made at once the first one stays.
 */
export async function pythonWithRequirements(
  python: Python,
  requirements: string,
): Promise<string> {
  const root = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tenantbot');
  const key = createHash('sha256')
    .update(python.version)
    .update(readFileSync(requirements))
    .digest('hex')
    .slice(0, 16);
  const folder = join(root, `python-${key}`);
  const path = join(folder, 'bin/python');
  if (!existsSync(path)) {
    // What is left there points to a Python that is gone.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    removeAbandoned(root);
    await install(python, folder, requirements);
  }
  return path;
}

async function install(python: Python, folder: string, requirements: string): Promise<void> {
  const unfinished = `${folder}.${process.pid}.unfinished`;
  console.log(
    `Installing what ${basename(requirements)} names into ${folder} (once; takes some seconds) …`,
  );
  try {
    const run = promisify(execFile);
    await run(python.command, ['-m', 'venv', unfinished]);
    const pip = ['-m', 'pip', '--disable-pip-version-check', '--quiet', 'install', '--no-deps'];
    await run(join(unfinished, 'bin/python'), [...pip, '--requirement', requirements]);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Somebody else was faster.
    if (!existsSync(join(folder, 'bin/python'))) throw error;
  }
}

/** Takes away what installations left behind that were killed. */
function removeAbandoned(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = Number(/\.(\d+)\.unfinished$/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !isAlive(pid)) {
      rmSync(join(root, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
