/**
 * `npm run cluster`: a Kubernetes node of this machine's own with the operator, the emulator and the
 * sample bots, until Ctrl-C. With `-- --watch`, changes in `src/` go into the running pods.
 */
import { parseArgs } from 'node:util';
import { errorMessage } from '../../src/lib/errors.ts';
import { buildImage } from './image/build-image.ts';
import { refuseUnfitMachine } from './node/fit-machine.ts';
import { type Node, startNode } from './node/start-node.ts';
import { installAll, openEmulator } from './playground/install.ts';
import { watchSources } from './playground/watch.ts';

const { values } = parseArgs({ options: { watch: { type: 'boolean', default: false } } });
const startedAtMs = performance.now();
const log = (line: string): void => {
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  console.error(`${seconds.padStart(6)} s  ${line}`);
};

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupted.abort());
}

try {
  refuseUnfitMachine();
  const image = await buildImage({ log });
  await using node = await startNode({ log });
  await unlessInterrupted(bringUp(node, image.name, image.archive));
  await unlessInterrupted(Promise.race([node.failed, new Promise(() => {})]));
  log('ending everything …');
} catch (error) {
  console.error(errorMessage(error));
  process.exitCode = 1;
}
process.exit();

async function bringUp(node: Node, image: string, archive: string): Promise<void> {
  log('handing the image to the node …');
  await node.importImage(archive);
  // Replicas are replaced one after the other, and a change is to be seen soon.
  const playground = { node, log, values: values.watch ? ['replicas=1'] : [] };
  await installAll(playground, image);
  const control = await openEmulator(playground);
  if (values.watch) await watchSources(playground, image, interrupted.signal);
  log(`ready${values.watch ? '; a change in src/ goes into the pods' : ''}. Ctrl-C ends it.`);
  console.log(`
In another terminal:

  export KUBECONFIG=${node.kubeconfig}
  export PATH=$PATH:${node.programs.kube}:${node.programs.helm}
  kubectl get tenantbots -w

To talk to the bot "greeter", as a user of the emulator:

  EMULATOR=http://127.0.0.1:${control}
  curl -s $EMULATOR/users -H 'content-type: application/json' -d '{"firstName":"Ann","username":"ann"}'
  curl -s $EMULATOR/messages -H 'content-type: application/json' -d '{"bot":1000000001,"from":7000000001,"text":"/start"}'
  curl -s "$EMULATOR/messages?bot=1000000001&chat=7000000001"
`);
}

function unlessInterrupted(work: Promise<unknown>): Promise<unknown> {
  const { signal } = interrupted;
  const stop = new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', resolve, { once: true });
  });
  return Promise.race([work, stop]);
}
