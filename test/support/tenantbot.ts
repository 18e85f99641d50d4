import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The program, as `npx tenantbot` runs it. */
export const TENANTBOT = join(import.meta.dirname, '../../bin/tenantbot.js');

/** How a command ended, and what it wrote. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `tenantbot` in `folder` to its end. */
export function tenantbot(folder: string, ...args: readonly string[]): Promise<Ran> {
  return run([process.execPath, TENANTBOT, ...args], { folder });
}

/** Runs `command` to its end; `env` is laid over the environment of the tests. */
export function run(
  [command = '', ...args]: readonly string[],
  { folder = '.', env = {} }: { readonly folder?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.once('error', reject);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
