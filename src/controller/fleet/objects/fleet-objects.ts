import type { BotFleetSpec } from '../../../api/bot-fleet.ts';
import type { Manifest } from '../../../kube/resource.ts';
import { configMap } from './config-map.ts';
import type { FleetIdentity } from './fleet-meta.ts';
import { headlessService } from './headless-service.ts';
import { networkPolicy } from './network-policy.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import type { PodDefaults } from './pod-template.ts';
import { serviceAccount } from './service-account.ts';
import { statefulSet } from './stateful-set.ts';
import { webhookService } from './webhook-service.ts';

/** Everything that a fleet is made of, by kind; the second Service by what it is for. */
export interface FleetObjects {
  readonly ServiceAccount: Manifest;
  readonly ConfigMap: Manifest;
  readonly Service: Manifest;
  /** Only where the fleet takes webhooks. */
  readonly WebhookService?: Manifest;
  readonly NetworkPolicy: Manifest;
  readonly PodDisruptionBudget: Manifest;
  readonly StatefulSet: Manifest;
}

export interface FleetObjectsOptions {
  readonly spec: BotFleetSpec;
  readonly shards: number;
  /** Certificates in PEM that the leader's own is checked against. */
  readonly controlCa: string;
  readonly defaults: PodDefaults;
}

/** The objects of a fleet in the order in which they are needed: a pure function. */
export function fleetObjects(
  fleet: FleetIdentity,
  { spec, shards, controlCa, defaults }: FleetObjectsOptions,
): FleetObjects {
  const takesWebhooks = spec.webhook !== undefined;
  return {
    ServiceAccount: serviceAccount(fleet),
    ConfigMap: configMap(fleet, controlCa),
    Service: headlessService(fleet),
    ...(takesWebhooks && { WebhookService: webhookService(fleet) }),
    NetworkPolicy: networkPolicy(fleet, takesWebhooks),
    PodDisruptionBudget: podDisruptionBudget(fleet),
    StatefulSet: statefulSet(fleet, { shards, runtime: spec.runtime, takesWebhooks, defaults }),
  };
}
