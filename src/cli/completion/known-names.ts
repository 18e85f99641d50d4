import { homedir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigContexts } from '../../kube/kubeconfig.ts';
import { type Clock } from '../../lib/clock.ts';
import { within } from '../../lib/within.ts';
import type { Access } from '../access.ts';
import { withAccess } from '../connect.ts';
import type { Flags } from '../program/actions.ts';
import type { KnownNames } from './complete.ts';

/** Nobody waits longer for a list of names. */
const LIMIT_MS = 3_000;

/** Asks the cluster or standalone that the flags choose; where that fails nothing is known. */
export function askedNames(
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>>,
): KnownNames {
  const ask = (
    flags: Flags,
    names: (access: Access, namespace: string | undefined) => Promise<readonly string[]>,
  ) => {
    const { namespace, allNamespaces } = flags;
    const asked = withAccess(flags, (access) => {
      const named = typeof namespace === 'string' ? namespace : access.namespace;
      return names(access, allNamespaces === true ? undefined : named);
    });
    return orNothing(clock, asked);
  };
  return {
    bots: (flags) =>
      ask(flags, async (access, namespace) =>
        namesOf(await access.objects({ plural: 'tenantbots', namespace, ...ALL })),
      ),
    fleets: (flags) =>
      ask(flags, async (access) =>
        namesOf(await access.objects({ plural: 'botfleets', namespace: undefined, ...ALL })),
      ),
    namespaces: (flags) => ask(flags, (access) => access.namespaces()),
    contexts({ kubeconfig }) {
      const named = typeof kubeconfig === 'string' ? kubeconfig : environment['KUBECONFIG'];
      return orNothing(clock, kubeconfigContexts(named || join(homedir(), '.kube', 'config')));
    },
  };
}

const ALL = { labels: undefined, fields: undefined };

async function orNothing(
  clock: Clock,
  asked: Promise<readonly string[]>,
): Promise<readonly string[]> {
  return (await within(clock, LIMIT_MS, asked).catch(() => undefined)) ?? [];
}

function namesOf(objects: readonly { readonly metadata: { readonly name: string } }[]): string[] {
  return [...new Set(objects.map(({ metadata }) => metadata.name))];
}
