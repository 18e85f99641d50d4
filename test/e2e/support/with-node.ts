import { describe, inject } from 'vitest';
import { attachNode, type NodeAccess } from '../../cluster/node/node-access.ts';

/** What e2e tests get. */
export interface TestCluster {
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** The name of the project's image. */
  readonly image: string;
  /** Path of the audit log, one event a line; undefined on a cluster that somebody named. */
  readonly auditLog: string | undefined;
}

/** `describe`, skipped where no cluster that runs pods is to be had. */
export function describeWithCluster(name: string, suite: (cluster: TestCluster) => void): void {
  const kubeconfig = inject('kubeconfig');
  const image = inject('image');
  const auditLog = inject('auditLog');
  describe.skipIf(kubeconfig === undefined)(name, () => {
    suite({ kubeconfig: kubeconfig ?? '', image: image ?? '', auditLog });
  });
}

/** `describe` for what needs our own node, its network or its processes. */
export function describeOnNode(
  name: string,
  suite: (cluster: TestCluster & { readonly attach: () => Promise<NodeAccess> }) => void,
): void {
  const state = inject('nodeState');
  describe.skipIf(state === undefined)(name, () => {
    suite({
      kubeconfig: inject('kubeconfig') ?? '',
      image: inject('image') ?? '',
      auditLog: inject('auditLog'),
      attach: () => attachNode(state ?? ''),
    });
  });
}
