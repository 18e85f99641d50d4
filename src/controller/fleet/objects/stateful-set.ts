import { isDeepStrictEqual } from 'node:util';
import { contentHash } from '../../../kube/content-hash.ts';
import type { Manifest } from '../../../kube/resource.ts';
import { type FleetIdentity, fleetMeta, fleetSelector } from './fleet-meta.ts';
import { type PodOptions, podTemplate } from './pod-template.ts';

/** How many shards a StatefulSet is to run, and with what. */
export interface StatefulSetOptions extends PodOptions {
  readonly shards: number;
}

/** The annotation that tells which pod template was applied. */
export const TEMPLATE_HASH = 'tenantbot.dev/template-hash';

/** The pods of a fleet, one a shard: started all at once, renewed one by one from the highest. */
export function statefulSet(fleet: FleetIdentity, options: StatefulSetOptions): Manifest {
  const metadata = fleetMeta(fleet);
  const template = podTemplate(fleet.name, options);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...metadata, annotations: { [TEMPLATE_HASH]: contentHash(template) } },
    spec: {
      replicas: options.shards,
      serviceName: metadata.name,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      selector: { matchLabels: fleetSelector(fleet.name) },
      template,
    },
  };
}

/** `manifest`, with the pods of the ordinals below `partition` kept as they are. */
export function holdBack(manifest: Manifest, partition: number): Manifest {
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition } };
  return { ...manifest, spec: { ...(manifest['spec'] as object), updateStrategy } };
}

/** Fields of a StatefulSet that only a new one can have otherwise. */
const IMMUTABLE = ['serviceName', 'podManagementPolicy', 'selector'] as const;

/** The field of `live` that `desired` has otherwise and that can't be changed in place. */
export function immutableChange(
  desired: Manifest,
  live: { readonly spec: object },
): (typeof IMMUTABLE)[number] | undefined {
  const wanted = desired['spec'] as Readonly<Record<string, unknown>>;
  const is = live.spec as Readonly<Record<string, unknown>>;
  return IMMUTABLE.find((field) => !isDeepStrictEqual(wanted[field], is[field]));
}
