import { join } from 'node:path';
import { Readable } from 'node:stream';
import { errorMessage } from '../../../src/lib/errors.ts';
import { CONTEXT } from '../image/inputs.ts';
import type { NodeAccess } from '../node/node-access.ts';
import { runProgram } from '../node/run-program.ts';
import type { WorkOptions } from '../work-options.ts';

const SYSTEM = 'tenantbot-system';
const EMULATOR = 'emulator';

/** What a playground's parts need to be installed. */
export interface Playground {
  readonly node: NodeAccess;
  readonly log: WorkOptions['log'];
  /** Values of the chart, `name=value`, beside those that make it one. */
  readonly values: readonly string[];
}

/** Installs the emulator, the chart and the samples, all with the image `image`. */
export async function installAll(playground: Playground, image: string): Promise<void> {
  const { log } = playground;
  for (const name of [SYSTEM, EMULATOR]) await makeNamespace(playground, name);
  log('installing the emulator, the operator and the samples …');
  await installEmulator(playground, image);
  await installChart(playground, image);
  await kubectl(playground, ['apply', `--filename=${join(CONTEXT, 'config/samples')}`]);
  await untilRolledOut(playground, EMULATOR, 'deployment/emulator');
  await untilRolledOut(playground, SYSTEM, 'deployment/tenantbot');
}

/** Brings the operator, and through it the runtimes, to `image`; changes nothing else. */
export async function installChart({ node, values }: Playground, image: string): Promise<void> {
  const cut = image.lastIndexOf(':');
  const apiRoot = `http://emulator.${EMULATOR}.svc:8081`;
  await runProgram(
    [
      join(node.programs.helm, 'helm'),
      'upgrade',
      '--install',
      'tenantbot',
      join(CONTEXT, 'charts/tenantbot-operator'),
      `--namespace=${SYSTEM}`,
      `--set=image.repository=${image.slice(0, cut)}`,
      `--set=image.tag=${image.slice(cut + 1)}`,
      `--set=defaultFleet.spec.telegram.apiRoot=${apiRoot}`,
      ...values.map((value) => `--set=${value}`),
    ],
    { env: { ...process.env, KUBECONFIG: node.kubeconfig } },
  );
}

/** A port on this machine that leads to the emulator's control interface. */
export async function openEmulator(playground: Playground): Promise<number> {
  const address = ['get', 'service', 'emulator', '--output=jsonpath={.spec.clusterIP}'];
  const host = await kubectl(playground, [...address, `--namespace=${EMULATOR}`]);
  return playground.node.relays.out({ host, port: 8082 });
}

async function installEmulator(playground: Playground, image: string): Promise<void> {
  const manifests = await kubectl(playground, ['kustomize', join(CONTEXT, 'config/emulator')]);
  const ours = manifests.replace(/image: tenantbot\/tenantbot:.*/, `image: ${image}`);
  await kubectl(playground, ['apply', `--namespace=${EMULATOR}`, '--filename=-'], ours);
}

async function makeNamespace(playground: Playground, name: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  await kubectl(playground, ['apply', '--filename=-'], JSON.stringify(namespace));
}

// What does not come up can be looked at with kubectl, so this says it and goes on.
async function untilRolledOut(
  playground: Playground,
  namespace: string,
  what: string,
): Promise<void> {
  const words = ['rollout', 'status', what, `--namespace=${namespace}`, '--timeout=60s'];
  try {
    await kubectl(playground, words);
  } catch (error) {
    playground.log(`!!! ${what} in ${namespace} is not ready: ${errorMessage(error)}`);
  }
}

function kubectl({ node }: Playground, words: readonly string[], input?: string): Promise<string> {
  const command = [join(node.programs.kube, 'kubectl'), `--kubeconfig=${node.kubeconfig}`];
  return runProgram(
    [...command, ...words],
    input === undefined ? {} : { input: Readable.from([input]) },
  );
}
