import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../../src/lib/errors.ts';
import { runProgram } from '../node/run-program.ts';
import type { WorkOptions } from '../work-options.ts';

/** buildah with a store of its own in a folder, so that nothing else on the machine is touched. */
export class Buildah {
  readonly #folder: string;
  readonly #log: WorkOptions['log'];

  private constructor(folder: string, log: WorkOptions['log']) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Prepares `folder`; buildah itself must be installed. */
  static async in(folder: string, log: WorkOptions['log']): Promise<Buildah> {
    const helpers = join(folder, 'helpers');
    const config = join(folder, 'home/.config/containers');
    await mkdir(helpers, { recursive: true });
    await mkdir(config, { recursive: true });
    // Newer ones insist on finding it, though the isolation that we use never runs it.
    await symlink('/bin/true', join(helpers, 'netavark')).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    await writeFile(
      join(config, 'policy.json'),
      JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }),
    );
    await writeFile(join(folder, 'registries.conf'), 'unqualified-search-registries = []\n');
    await writeFile(join(folder, 'containers.conf'), await containersConfig(helpers));
    return new Buildah(folder, log);
  }

  /** Runs one of buildah's commands: what it writes to its standard output, trimmed. */
  async run(...args: readonly string[]): Promise<string> {
    const command = [
      join(import.meta.dirname, 'private-mounts.sh'),
      join(this.#folder, 'var'),
      'buildah',
      `--root=${join(this.#folder, 'root')}`,
      `--runroot=${join(this.#folder, 'run')}`,
      '--storage-driver=overlay',
      `--registries-conf=${join(this.#folder, 'registries.conf')}`,
      ...args,
    ];
    const env = {
      ...process.env,
      HOME: join(this.#folder, 'home'),
      CONTAINERS_CONF: join(this.#folder, 'containers.conf'),
    };
    return (await runProgram(command, { env, onLine: this.#log })).trim();
  }

  /** Whether its store holds the image `name`. */
  async has(name: string): Promise<boolean> {
    return (await this.run('images', '--quiet', `--filter=reference=${name}`)) !== '';
  }
}

// What it would set by itself may be more than this machine allows.
async function containersConfig(helpers: string): Promise<string> {
  const limits = (await runProgram(['bash', '-c', 'ulimit -Hn; ulimit -Hu'])).trim().split('\n');
  const files = limits[0] ?? '1024';
  const processes = Math.min(Number(limits[1]) || 32_768, 32_768);
  return `[containers]
default_ulimits = ["nofile=${files}:${files}", "nproc=${processes}:${processes}"]
[engine]
helper_binaries_dir = ["${helpers}"]
`;
}
