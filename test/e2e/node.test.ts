import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { makeNamespace } from '../cluster/namespace.ts';
import { waitFor } from '../support/wait.ts';
import { Kubectl } from './support/kubectl.ts';
import { describeOnNode } from './support/with-node.ts';

const EMULATOR = join(import.meta.dirname, '../../config/emulator');

const RESTRICTED = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A pod that runs `script` on the image's own Node. */
function scriptPod(image: string, script: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'script' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'script', image, command: ['node', '-e', script], securityContext: RESTRICTED },
      ],
    },
  };
}

describeOnNode('the node', ({ kubeconfig, image, attach }) => {
  /** What `script` writes when it is run in a pod. */
  async function runInPod(script: string): Promise<string> {
    await using namespace = await makeNamespace(kubeconfig);
    const kubectl = new Kubectl(kubeconfig, namespace.name);
    await kubectl.apply(scriptPod(image, script));
    const exitCode = await waitFor(
      'the end of the pod',
      async () => {
        const pod = await kubectl.get('pod', 'script');
        const ended: number | undefined =
          pod.status.containerStatuses?.[0]?.state.terminated?.exitCode;
        return ended?.toString();
      },
      { timeoutMs: 30_000, intervalMs: 200 },
    );
    const output = await kubectl.run('logs', 'script');
    expect({ exitCode, output }).toMatchObject({ exitCode: '0' });
    return output;
  }

  it('gives pods names of Services, and none of the world outside', async () => {
    const output = await runInPod(`
      const { lookup } = require('node:dns/promises');
      lookup('kubernetes.default.svc').then(({ address }) => console.log(address));
      lookup('example.com').catch(({ code }) => console.log(code));`);
    expect(output).toContain('10.96.0.1');
    expect(output).toContain('ENOTFOUND');
  });

  it('runs the image as user 10001 on a read-only root without any right', async () => {
    const output = await runInPod(`
      const { writeFileSync, readFileSync } = require('node:fs');
      console.log('uid', process.getuid(), 'gid', process.getgid());
      try { writeFileSync('/app/probe', ''); } catch ({ code }) { console.log(code); }
      console.log(readFileSync('/proc/self/status', 'utf8').match(/CapBnd.*|Seccomp:.*/g));`);
    expect(output).toContain('uid 10001 gid 10001');
    expect(output).toContain('EROFS');
    expect(output).toMatch(/CapBnd:\\t0{16}/);
    expect(output).toMatch(/Seccomp:\\t2/);
  });

  it('has stack traces that name the sources', async () => {
    const output = await runInPod(`
      import('/app/dist/lib/errors.js')
        .then(({ unreachable }) => unreachable('probe'))
        .catch(({ stack }) => console.log(stack));`);
    expect(output).toMatch(/src\/lib\/errors\.ts:\d+/);
  });

  it('refuses pods that restricted Pod Security forbids', async () => {
    await using namespace = await makeNamespace(kubeconfig);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'root' },
      spec: { containers: [{ name: 'root', image }] },
    };
    const applied = new Kubectl(kubeconfig, namespace.name).apply(pod);
    await expect(applied).rejects.toThrow('violates PodSecurity');
  });

  it('runs the emulator, which a bot reaches through its Service and which ends on SIGTERM', async () => {
    await using namespace = await makeNamespace(kubeconfig);
    await using node = await attach();
    const kubectl = new Kubectl(kubeconfig, namespace.name);
    const manifests = await kubectl.run('kustomize', EMULATOR);
    await kubectl.apply(manifests.replace(/image: .*/, `image: ${image}`));
    await kubectl.run('rollout', 'status', 'deployment/emulator', '--timeout=60s');

    const service = await kubectl.get('service', 'emulator');
    const host: string = service.spec.clusterIP;
    const [api, control] = await Promise.all(
      [8081, 8082].map((port) => node.relays.out({ host, port })),
    );
    const client = new EmulatorClient(`http://127.0.0.1:${control}`);
    const bot = await client.createBot();
    const answer = await fetch(`http://127.0.0.1:${api}/bot${bot.token}/getMe`);
    expect(await answer.json()).toMatchObject({ ok: true, result: { is_bot: true } });

    const selector = '--selector=app.kubernetes.io/name=tenantbot-emulator';
    const deletedAtMs = performance.now();
    await kubectl.run('delete', 'pod', selector, '--grace-period=30', '--wait');
    expect(performance.now() - deletedAtMs).toBeLessThan(15_000);
  });

  it('lets pods reach a server on this machine where a test opens the way', async () => {
    await using node = await attach();
    const inside = { host: '10.244.0.1', port: 9099 };
    const outward = await node.relays.out(inside);
    const server = createServer((_request, response) => response.end('from outside')).listen(0);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await node.relays.in(inside, { host: '127.0.0.1', port });
    for (let n = 0; n < 5; n++) {
      const headers = { connection: 'close' };
      const answer = await fetch(`http://127.0.0.1:${outward}/`, { headers });
      expect(await answer.text()).toBe('from outside');
    }
    server.close();
  });
});
