import type { TestProject } from 'vitest/node';
import { environmentError, errorMessage } from '../../../src/lib/errors.ts';
import { buildImage } from '../image/build-image.ts';
import { refuseUnfitMachine } from '../node/fit-machine.ts';
import { startNode } from '../node/start-node.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The name of the project's image, which the cluster's pods can use. */
    image: string | undefined;
    /** The state folder of the node, for `attachNode`; undefined on a cluster that somebody named. */
    nodeState: string | undefined;
  }
}

/**
 * Gives the tests a cluster that runs pods and knows the project's image: the cluster of
 * `KUBECONFIG_E2E`, which can pull the image that `IMAGE_E2E` names, may write an audit log to the
 * file `AUDIT_LOG_E2E` and may be a node of ours with its state in `NODE_STATE_E2E`, else a node of
 * this run's own.
 * Where neither can be had, says so loudly and lets the tests be skipped; with `CI=true` the run
 * fails.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const log = (line: string): void => console.error(`node: ${line}`);
  const { KUBECONFIG_E2E: named, IMAGE_E2E: image, CI } = process.env;
  if (named) {
    if (!image) {
      throw environmentError(
        'IMAGE_E2E',
        'KUBECONFIG_E2E names a cluster: build the Dockerfile, push the image where that cluster can pull it, and name it in IMAGE_E2E',
      );
    }
    project.provide('kubeconfig', named);
    project.provide('image', image);
    project.provide('auditLog', process.env['AUDIT_LOG_E2E']);
    project.provide('nodeState', process.env['NODE_STATE_E2E']);
    return undefined;
  }
  try {
    return await setupNode(project, log);
  } catch (error) {
    if (CI === 'true') throw error;
    log(`!!! SKIPPING EVERY TEST THAT NEEDS A NODE: ${errorMessage(error)}`);
    return undefined;
  }
}

async function setupNode(
  project: TestProject,
  log: (line: string) => void,
): Promise<() => Promise<void>> {
  refuseUnfitMachine();
  const built = await buildImage({ log });
  const node = await startNode({ log });
  try {
    await node.importImage(built.archive);
    project.provide('kubeconfig', node.kubeconfig);
    project.provide('auditLog', node.auditLog);
    project.provide('image', built.name);
    project.provide('nodeState', node.state);
    return () => node.stop();
  } catch (error) {
    await node.stop();
    throw error;
  }
}
