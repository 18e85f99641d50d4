import { z } from 'zod';
import type { ObjectMeta } from '../api/metadata.ts';

/** Who keeps an object as a repository or a chart says. */
export const managerSchema = z.object({
  kind: z.enum(['Argo CD', 'Flux', 'Helm']),
  name: z.string().describe('Of the Application, Kustomization, HelmRelease or release.'),
});
export type Manager = z.output<typeof managerSchema>;

type Marks = Pick<ObjectMeta, 'labels' | 'annotations'>;

/** Each knows its own objects by the marks that it leaves; Flux's Helm comes before Helm itself. */
const MANAGERS: readonly ((marks: Required<Marks>) => Manager | undefined)[] = [
  ({ annotations }) => {
    const application = annotations?.['argocd.argoproj.io/tracking-id']?.split(':')[0];
    return application === undefined ? undefined : { kind: 'Argo CD', name: application };
  },
  ({ labels }) => named('Argo CD', labels?.['argocd.argoproj.io/instance']),
  ({ labels }) => inNamespace('kustomize.toolkit.fluxcd.io', labels),
  ({ labels }) => inNamespace('helm.toolkit.fluxcd.io', labels),
  ({ annotations }) => named('Helm', annotations?.['meta.helm.sh/release-name']),
];

/** Who will undo changes that are made beside it; undefined where nobody does, as far as is seen. */
export function managerOf({ labels = {}, annotations = {} }: Marks): Manager | undefined {
  for (const find of MANAGERS) {
    const manager = find({ labels, annotations });
    if (manager) return manager;
  }
  return undefined;
}

/** What to tell who changes an object that somebody else keeps. */
export function undoneWarning(object: {
  readonly metadata: Marks & Pick<ObjectMeta, 'namespace' | 'name'>;
}): string | undefined {
  const manager = managerOf(object.metadata);
  if (!manager) return undefined;
  const { namespace, name } = object.metadata;
  return `${namespace}/${name} is kept by ${manager.kind} (${manager.name}), which undoes this change sooner or later: make it there, too.`;
}

function named(kind: Manager['kind'], name: string | undefined): Manager | undefined {
  return name === undefined ? undefined : { kind, name };
}

function inNamespace(prefix: string, labels: Marks['labels']): Manager | undefined {
  const name = labels?.[`${prefix}/name`];
  return name === undefined
    ? undefined
    : { kind: 'Flux', name: `${labels?.[`${prefix}/namespace`] ?? ''}/${name}` };
}
