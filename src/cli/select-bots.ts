import { inputError } from '../lib/errors.ts';
import type { ObjectAccess, SeenObject } from './object-access.ts';

/** Which bots a command is about. */
export interface BotSelection {
  readonly names: readonly string[];
  /** That of the access unless given. */
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  /** As `kubectl --selector`. */
  readonly selector: string | undefined;
}

/** The bots that are named, or all that are selected. */
export async function selectBots(
  access: ObjectAccess,
  { names, namespace = access.namespace, allNamespaces, selector }: BotSelection,
): Promise<readonly SeenObject[]> {
  if (names.length > 0) {
    if (allNamespaces || selector !== undefined) {
      throw inputError('WHICH_BOTS', 'name the bots, or select them with -l or -A; not both');
    }
    const find = (name: string) => access.object('tenantbots', { namespace, name });
    return Promise.all([...new Set(names)].map(find));
  }
  return access.objects({
    plural: 'tenantbots',
    namespace: allNamespaces ? undefined : namespace,
    labels: selector,
    fields: undefined,
  });
}
