import { describe, inject } from 'vitest';
import { attachNode, type NodeAccess } from '../../cluster/node/node-access.ts';

/** What tests of the node itself get. */
export interface TestNode {
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** The name of the project's image. */
  readonly image: string;
  /** The node, with relays of the test's own. */
  readonly attach: () => Promise<NodeAccess>;
}

/** `describe` for what needs our own node, its network or its processes; else skipped. */
export function describeOnNode(name: string, suite: (node: TestNode) => void): void {
  const state = inject('nodeState');
  describe.skipIf(state === undefined)(name, () => {
    suite({
      kubeconfig: inject('kubeconfig') ?? '',
      image: inject('image') ?? '',
      attach: () => attachNode(state ?? ''),
    });
  });
}
