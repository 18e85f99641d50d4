import {
  type BotFleetSpec,
  type BotFleetStatus,
  botFleetSpecSchema,
  botFleetStatusSchema,
} from '../../api/bot-fleet.ts';
import { check, formatProblem } from '../../api/explain.ts';
import { GROUP, VERSION } from '../../api/group.ts';
import { withoutNulls } from '../../api/nulls.ts';
import type { KubeObject, Resource } from '../../kube/resource.ts';

/** A BotFleet as the API server stores it: what its schema lets through need not be well. */
export interface StoredFleet extends KubeObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** Where BotFleets are served. */
export const BOT_FLEETS: Resource<StoredFleet> = {
  group: GROUP,
  version: VERSION,
  kind: 'BotFleet',
  plural: 'botfleets',
  namespaced: true,
};

/** The spec of a fleet with its defaults, or what is wrong with it and what to do. */
export type FleetSpecReading =
  | { readonly kind: 'ok'; readonly spec: BotFleetSpec }
  | { readonly kind: 'invalid'; readonly message: string };

/** Reads the spec. It is well unless the CRD in the cluster is another version's. */
export function readFleetSpec({ spec }: StoredFleet): FleetSpecReading {
  const read = check(botFleetSpecSchema, withoutNulls(spec ?? {}, botFleetSpecSchema));
  if (read.ok) return { kind: 'ok', spec: read.value };
  const lines = read.problems
    .slice(0, 3)
    .map(({ path, message }) => formatProblem({ path: ['spec', ...path], message }));
  return {
    kind: 'invalid',
    message: `The spec can't be understood, and the one before stays in effect: ${lines.join('; ')}. Correct it, or bring the operator to the version of its CRDs.`,
  };
}

/** The status; undefined where there is none that makes sense, so that it is written anew. */
export function readFleetStatus({ status }: StoredFleet): BotFleetStatus | undefined {
  return botFleetStatusSchema.safeParse(status).data;
}
