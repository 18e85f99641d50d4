import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startScript } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import { startControlPlane } from './control-plane.ts';
import { makeNamespace } from './namespace.ts';
import { rawApi } from './raw-api.ts';
import { makeStateFolder } from './state-folder.ts';
import { describeWithApiServer } from './with-api-server.ts';

const HOLDER = fileURLToPath(new URL('control-plane-holder.ts', import.meta.url));

describeWithApiServer('the control plane of the tests', ({ kubeconfig, auditLog }) => {
  it.runIf(process.platform === 'linux')(
    'leaves nothing behind when its process is killed, another one beside it untouched',
    async () => {
      await using first = await startScript(HOLDER);
      await using second = await startScript(HOLDER);
      const [one, two] = await Promise.all([
        first.ask<string>('where'),
        second.ask<string>('where'),
      ]);

      await first.stop('SIGKILL');
      await waitFor('nothing of the first to be left', () => isGone(dirname(one)));
      expect(await rawApi(two, { path: '/readyz' })).toMatchObject({ status: 200 });

      // With what watches over its daemons killed as well, the next run finds the remains.
      const folder = dirname(two);
      const watchers = (await processesWith(folder)).filter(({ args }) => args[0] === 'sh');
      for (const { pid } of watchers) process.kill(pid, 'SIGKILL');
      await second.stop('SIGKILL');
      expect(await isGone(folder)).toBe(false);
      await (await makeStateFolder()).remove();
      await waitFor('nothing of the second to be left', () => isGone(folder));
    },
  );

  it('may have several API servers, of which each goes alone', async () => {
    await using controlPlane = await startControlPlane({ log: () => undefined });
    const second = await controlPlane.addApiServer();
    const { name } = await makeNamespace(second.kubeconfigPath);
    await second.stop();
    const path = `/api/v1/namespaces/${name}`;
    const { kubeconfigPath } = controlPlane;
    expect(await rawApi(kubeconfigPath, { path })).toMatchObject({ status: 200 });
    await expect(rawApi(second.kubeconfigPath, { path })).rejects.toThrow('ECONNREFUSED');
  });

  it.runIf(auditLog !== undefined)('writes down who did what', async () => {
    const namespace = await makeNamespace(kubeconfig);
    await namespace[Symbol.asyncDispose]();
    const isDeletion = ({ verb, user, objectRef }: AuditEvent): boolean =>
      verb === 'delete' && user.username === 'admin' && objectRef?.name === namespace.name;
    await waitFor('the deletion in the audit log', async () => {
      const lines = (await readFile(auditLog ?? '', 'utf8')).trimEnd().split('\n');
      return lines.some((line) => isDeletion(JSON.parse(line) as AuditEvent));
    });
  });

  it('takes namespaces away', async () => {
    const namespace = await makeNamespace(kubeconfig);
    const path = `/api/v1/namespaces/${namespace.name}`;
    expect(await rawApi(kubeconfig, { path })).toMatchObject({ status: 200 });
    await namespace[Symbol.asyncDispose]();
    await waitFor(
      'the namespace to be gone',
      async () => (await rawApi(kubeconfig, { path })).status === 404,
      { timeoutMs: 60_000 },
    );
  });
});

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly name?: string };
}

async function isGone(folder: string): Promise<boolean> {
  return !existsSync(folder) && (await processesWith(folder)).length === 0;
}

interface Process {
  readonly pid: number;
  readonly args: readonly string[];
}

async function processesWith(folder: string): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), args: line.split('\0') };
    }),
  );
  return all.filter(({ args }) => args.some((arg) => arg.includes(folder)));
}
