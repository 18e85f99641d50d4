import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../support/program.ts';
import { EmbeddedHistory } from '../support/standalone-history.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';

/** A standalone program with a folder of its own, as `npm start` starts it. */
export interface StandaloneWorld extends AsyncDisposable {
  readonly folder: string;
  readonly history: EmbeddedHistory;
  /** An address that opens the page once, signed in. */
  opening(): Promise<string>;
}

/** Runs the manifests that `fill` puts into a folder, with an emulator and a history of their own. */
export async function openStandalone(
  fill: (manifests: string) => Promise<void>,
): Promise<StandaloneWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantbot-test-'));
  // Of root's folders others see nothing, and Postgres never runs as root.
  await chmod(folder, 0o711);
  const manifests = join(folder, 'bots');
  await mkdir(manifests);
  await fill(manifests);
  const program = await startProgram(
    [process.execPath, TENANTBOT, 'standalone', '--manifests=bots'],
    {
      cwd: folder,
      until: /^ready/m,
      timeoutMs: 90_000,
    },
  );
  const history = new EmbeddedHistory(join(folder, '.tenantbot'));
  return {
    folder,
    history,
    async opening() {
      const { code, out, err } = await tenantbot(folder, 'open', '--print');
      if (code !== 0) throw new Error(err);
      return out.trim();
    },
    async [Symbol.asyncDispose]() {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
