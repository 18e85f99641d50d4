/**
 * Runs before `npm start`, `npm test` and their like: installs what package-lock.json pins when
 * nothing is installed or the lockfile has changed, and does nothing otherwise. Plain JavaScript
 * without dependencies, since it runs before any is there, on the machine's own Node.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.installed-lockfile`;
const wanted = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';

if (installed !== wanted) {
  const reason = installed === '' ? 'nothing is installed yet' : 'package-lock.json has changed';
  console.error(`Installing dependencies (${reason}); this takes about half a minute …`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['ci', '--loglevel=error', '--no-fund', '--no-audit'];
  // stdout belongs to the command that follows; npm's own words go to stderr.
  const { status, error } = spawnSync(npm, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error(
      `\`npm ci\` failed${error ? `: ${error.message}` : ''}. Mend what it says above, then run the command again.`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
  console.error('Dependencies are installed.');
}
