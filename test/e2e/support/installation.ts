import { join } from 'node:path';
import { inject } from 'vitest';
import { EmulatorClient, type MadeBot } from '../../../src/emulator/control-client.ts';
import type { Manifest } from '../../../src/kube/resource.ts';
import { makeNamespace, type TestNamespace } from '../../cluster/namespace.ts';
import { waitFor } from '../../support/wait.ts';
import { type AnyObject, Kubectl } from './kubectl.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Where the operator, its fleets and the emulator live in every test. */
export const OPERATOR_NAMESPACE = 'tenantbot-system';
/** The release's name, and the start of its objects'. */
export const RELEASE = 'tenantbot';

/**
 * The operator on a cluster by its own chart, from the project's image, with an emulator in place
 * of Telegram. All test files share it, each with tenants' namespaces of its own; whoever changes
 * it puts it back.
 */
export class Installation implements AsyncDisposable {
  readonly kubectl: Kubectl;
  readonly kubeconfig: string;
  readonly image: string;
  readonly #emulator: { readonly url: string; close(): Promise<void> };

  private constructor(
    cluster: { readonly kubectl: Kubectl; readonly kubeconfig: string; readonly image: string },
    emulator: { readonly url: string; close(): Promise<void> },
  ) {
    this.kubectl = cluster.kubectl;
    this.kubeconfig = cluster.kubeconfig;
    this.image = cluster.image;
    this.#emulator = emulator;
  }

  /** Installs what is not there yet, and resolves when all of it is at work. */
  static async open(): Promise<Installation> {
    const kubeconfig = inject('kubeconfig');
    const image = inject('image');
    if (kubeconfig === undefined || image === undefined) throw new Error('there is no cluster');
    const kubectl = new Kubectl(kubeconfig);
    await kubectl.apply([systemNamespace()], '--server-side');
    await kubectl.apply(await emulatorManifest(kubectl, image), '-n', OPERATOR_NAMESPACE);
    await install(kubectl, image);
    await kubectl.run(...inSystem('rollout', 'status', 'deployment/emulator', '--timeout=120s'));
    await waitFor('the default fleet', () => kubectl.get(...inSystem('botfleet', 'default')), {
      timeoutMs: 60_000,
      intervalMs: 200,
    });
    await kubectl.run(
      ...inSystem('wait', 'botfleet/default', '--for=condition=Ready', '--timeout=120s'),
    );
    const emulator = await kubectl.forward(OPERATOR_NAMESPACE, 'svc/emulator', 8082);
    return new Installation({ kubectl, kubeconfig, image }, emulator);
  }

  /** The emulator's control interface. */
  get emulator(): EmulatorClient {
    return new EmulatorClient(this.#emulator.url);
  }

  /** A namespace for a tenant of one test. */
  tenant(): Promise<TestNamespace> {
    return makeNamespace(this.kubeconfig);
  }

  /** `helm upgrade --install` once more, with `values` (`name=value`) beside what all tests need. */
  upgrade(...values: readonly string[]): Promise<string> {
    return install(this.kubectl, this.image, values);
  }

  /** A bot of the emulator, and its Secret and TenantBot in `namespace`. */
  async makeBot(namespace: string, name: string, spec: object = {}): Promise<MadeBot> {
    const made = await this.emulator.createBot();
    await this.kubectl.apply(botManifests({ namespace, name, token: made.token, spec }));
    return made;
  }

  /** Resolves when the bot is Ready. */
  async ready(namespace: string, name: string, timeout = '60s'): Promise<void> {
    const args = [`tenantbot/${name}`, '--for=condition=Ready', `--timeout=${timeout}`];
    await this.kubectl.run('-n', namespace, 'wait', ...args);
  }

  bot(namespace: string, name: string): Promise<AnyObject> {
    return this.kubectl.get('-n', namespace, 'tenantbot', name);
  }

  /** Pods of the operator. */
  operatorPods(): Promise<AnyObject[]> {
    return this.kubectl.list(...inSystem('pods', '-l', 'app.kubernetes.io/component=operator'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#emulator.close();
  }
}

/** A Secret and the TenantBot that wants it; /start is answered unless `spec` says otherwise. */
export function botManifests(bot: {
  readonly namespace: string;
  readonly name: string;
  readonly token: string;
  readonly spec?: object;
}): [Manifest, Manifest] {
  const { namespace, name, token, spec = {} } = bot;
  const metadata = { namespace, name };
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token } },
    {
      apiVersion: 'tenantbot.dev/v1alpha1',
      kind: 'TenantBot',
      metadata,
      spec: {
        tokenSecretRef: { name },
        handlers: [{ command: { name: 'start', reply: { text: `I am ${name}` } } }],
        ...spec,
      },
    },
  ];
}

/** Arguments of kubectl for the operator's namespace. */
export function inSystem(...args: readonly string[]): string[] {
  return ['-n', OPERATOR_NAMESPACE, ...args];
}

function install(kubectl: Kubectl, image: string, values: readonly string[] = []): Promise<string> {
  const colon = image.lastIndexOf(':');
  const all = [
    `image.repository=${image.slice(0, colon)}`,
    `image.tag=${image.slice(colon + 1)}`,
    `defaultFleet.spec.telegram.apiRoot=http://emulator.${OPERATOR_NAMESPACE}.svc:8081`,
    ...values,
  ];
  const chart = join(ROOT, 'charts/tenantbot-operator');
  const args = ['upgrade', '--install', RELEASE, chart, '-n', OPERATOR_NAMESPACE];
  return kubectl.helm(
    ...args,
    ...all.flatMap((value) => ['--set', value]),
    '--wait',
    '--timeout=3m',
  );
}

function systemNamespace(): object {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE, labels } };
}

/** What `npm run cluster` uses, with the image of this run and room for a long ledger. */
async function emulatorManifest(kubectl: Kubectl, image: string): Promise<string> {
  const text = await kubectl.run('kustomize', join(ROOT, 'config/emulator'));
  return text.replace(/image: .*/, `image: ${image}`).replace('memory: 256Mi', 'memory: 1Gi');
}
