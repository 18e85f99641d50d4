import { join } from 'node:path';
import { inputError } from '../lib/errors.ts';

/** Whom a command asks. */
export type Place =
  | {
      readonly kind: 'cluster';
      /** Path of a kubeconfig, or several as in the variable KUBECONFIG. */
      readonly kubeconfig: string;
      /** The kubeconfig's own unless given. */
      readonly context: string | undefined;
    }
  | { readonly kind: 'standalone' };

/** What the choice goes by. */
export interface PlaceClues {
  readonly flags: {
    readonly kubeconfig?: string | undefined;
    readonly context?: string | undefined;
    /** Whether a data folder was named, by a flag or in the environment. */
    readonly data: boolean;
  };
  /** Whether this program runs as `kubectl tenantbot`. */
  readonly isPlugin: boolean;
  /** Whether a standalone has left word in the data folder. */
  readonly isRunning: boolean;
  /** The variable KUBECONFIG. */
  readonly kubeconfig: string | undefined;
  readonly home: string;
}

/**
 * Standalone or cluster? What is said by flags counts first; then that `kubectl` has started this;
 * then a standalone that has left word; then the variable KUBECONFIG. A cluster is never asked
 * only because the user has a file `~/.kube/config`.
 *
 * @throws an input error where flags contradict each other
 */
export function choosePlace({ flags, isPlugin, isRunning, kubeconfig, home }: PlaceClues): Place {
  const { context } = flags;
  const file = flags.kubeconfig ?? (kubeconfig || join(home, '.kube', 'config'));
  const cluster = { kind: 'cluster', kubeconfig: file, context } as const;
  const isClusterNamed = flags.kubeconfig !== undefined || context !== undefined;
  if (isClusterNamed && flags.data) {
    throw inputError(
      'PLACE_UNCLEAR',
      '--data names a standalone, --kubeconfig and --context a cluster; give one of them',
    );
  }
  if (isClusterNamed) return cluster;
  if (flags.data) return { kind: 'standalone' };
  if (isPlugin) return cluster;
  return !isRunning && kubeconfig ? cluster : { kind: 'standalone' };
}
