import type { Lister } from '../../kube/lister.ts';
import { type KubeObject, type ObjectKey, objectKey } from '../../kube/resource.ts';
import { fleetNameOf } from '../bot/stored-bot.ts';
import { FLEET_LABEL } from '../names.ts';
import type { FleetListers } from './gather.ts';

/**
 * Tells `onKey` of each fleet of `namespace` that may have to be reconciled: itself, one of its
 * objects or pods, or one of its bots has changed. Ends when the returned function is called.
 */
export function watchFleets(
  { fleets, bots, ...objects }: FleetListers,
  { namespace, onKey }: { readonly namespace: string; readonly onKey: (key: ObjectKey) => void },
): () => void {
  const wake = (fleet: string): void => onKey(objectKey({ namespace, name: fleet }));
  const owned: readonly Lister<KubeObject>[] = [
    objects.pods,
    objects.serviceAccounts,
    objects.configMaps,
    objects.services,
    objects.networkPolicies,
    objects.podDisruptionBudgets,
    objects.statefulSets,
  ];
  const ends = [
    fleets.subscribe(({ key }) => onKey(key)),
    bots.subscribe(({ before, after }) => {
      for (const fleet of new Set(
        [before, after].flatMap((bot) => (bot ? [fleetNameOf(bot)] : [])),
      )) {
        wake(fleet);
      }
    }),
    ...owned.map((lister) =>
      lister.subscribe(({ before, after }) => {
        const fleet = (after ?? before)?.metadata.labels?.[FLEET_LABEL];
        if (fleet !== undefined) wake(fleet);
      }),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
