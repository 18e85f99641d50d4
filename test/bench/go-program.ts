import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { findGo } from '../cluster/go.ts';

/**
 * Builds the Go module in `module` into `folder` and resolves to the program. Go's own cache makes
 * the second build one of a second or two. Rejects, in words, where there is no Go.
 */
export async function buildGoProgram(module: string, folder: string): Promise<string> {
  const go = await findGo(module);
  const program = join(folder, basename(module));
  await promisify(execFile)(go, ['build', '-mod=readonly', '-buildvcs=false', '-o', program, '.'], {
    cwd: module,
    env: { ...process.env, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' },
  });
  return program;
}
