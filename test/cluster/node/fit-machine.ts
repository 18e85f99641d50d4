import { environmentError } from '../../../src/lib/errors.ts';

/** Throws, saying what to do, where this machine and user cannot run a node. */
export function refuseUnfitMachine(): void {
  if (process.platform === 'linux' && process.getuid?.() === 0) return;
  throw environmentError(
    'NO_NODE_HERE',
    'a node takes root on Linux; run this as root there, or name a cluster in KUBECONFIG_E2E',
  );
}
