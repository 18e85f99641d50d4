import type { ShardId } from '../../control/shard-id.ts';
import type { Lister } from '../../kube/lister.ts';
import { objectKey } from '../../kube/resource.ts';
import type { Pod } from '../../kube/well-known.ts';
import { isReady } from '../fleet/shard-facts.ts';
import { fleetObjectName } from '../names.ts';
import type { PodState } from './ownership.ts';

/** The pods of shards, as far as they are known. */
export class ShardPods {
  readonly #pods: Lister<Pod> | undefined;
  readonly #namespace: string;

  constructor(pods: Lister<Pod> | undefined, namespace: string) {
    this.#pods = pods;
    this.#namespace = namespace;
  }

  stateOf({ fleet, ordinal }: ShardId): PodState {
    if (!this.#pods?.synced) return 'unknown';
    const name = `${fleetObjectName(fleet)}-${ordinal}`;
    const pod = this.#pods.get(objectKey({ namespace: this.#namespace, name }));
    if (!pod) return 'absent';
    return isReady(pod) ? 'ready' : 'unready';
  }
}
