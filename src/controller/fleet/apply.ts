import { isStatus, KubeApiError } from '../../kube/api-error.ts';
import { applyIfNeeded } from '../../kube/apply-if-needed.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, Manifest, Resource } from '../../kube/resource.ts';
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
  type StatefulSet,
} from '../../kube/well-known.ts';
import { APPLIED_HASH, FIELD_MANAGER } from '../names.ts';
import type { FleetPlan, Step } from './decide.ts';
import type { LiveObjects } from './gather.ts';

type BuildPlan = Extract<FleetPlan, { kind: 'build' }>;

/** How the work on the objects of a fleet went. */
export interface Applied {
  /** As it is now; undefined where there is none. */
  readonly statefulSet: StatefulSet | undefined;
  /** What the API server refuses, or is in the way, and what to do. */
  readonly problem: string | undefined;
  /** Something has to go first, and the caches will tell when it has. */
  readonly waiting: boolean;
  /** Kinds of objects that were written. */
  readonly written: readonly string[];
  /** The field for whose sake the StatefulSet is being made anew. */
  readonly replaced: string | undefined;
}

/**
 * Brings the objects of a fleet in line with the plan, in the order in which they need each other,
 * and writes none that is as it should be. What the API server refuses does not keep the others
 * from being applied. Rejects where it could not be asked.
 */
export async function applyObjects(
  client: KubeClient,
  { steps }: BuildPlan,
  live: LiveObjects,
  signal: AbortSignal,
): Promise<Applied> {
  const work = new Work(client, signal);
  await work.take(SERVICE_ACCOUNTS, steps.ServiceAccount, live.ServiceAccount);
  await work.take(CONFIG_MAPS, steps.ConfigMap, live.ConfigMap);
  await work.take(SERVICES, steps.Service, live.Service);
  await work.take(SERVICES, steps.WebhookService, live.WebhookService);
  await work.take(NETWORK_POLICIES, steps.NetworkPolicy, live.NetworkPolicy);
  await work.take(POD_DISRUPTION_BUDGETS, steps.PodDisruptionBudget, live.PodDisruptionBudget);
  const statefulSet = await work.take(STATEFUL_SETS, steps.StatefulSet, live.StatefulSet);
  return { statefulSet, ...work.outcome };
}

class Work {
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  #problem: string | undefined;
  #waiting = false;
  #replaced: string | undefined;
  readonly #written: string[] = [];

  constructor(client: KubeClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  get outcome(): Omit<Applied, 'statefulSet'> {
    return {
      problem: this.#problem,
      waiting: this.#waiting,
      replaced: this.#replaced,
      written: this.#written,
    };
  }

  /** Does one step; resolves to the object as it is then. */
  async take<T extends KubeObject>(
    resource: Resource<T>,
    step: Step,
    live: T | undefined,
  ): Promise<T | undefined> {
    try {
      switch (step.kind) {
        case 'apply':
          return await this.#apply(resource, step.desired, live);
        case 'replace':
          await this.#release(resource, live);
          this.#replaced = step.field;
          return undefined;
        case 'remove':
          await this.#remove(resource, live);
          return undefined;
        case 'ignore':
          return undefined;
        case 'wait':
          this.#waiting = true;
          return live;
        case 'refuse':
          this.#problem ??= step.message;
          return undefined;
        default:
          return step satisfies never;
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#problem ??= `The API server refuses: ${error.message}. Mend spec.runtime of the BotFleet, or what its namespace allows.`;
      return live;
    }
  }

  async #apply<T extends KubeObject>(
    resource: Resource<T>,
    desired: Manifest,
    live: T | undefined,
  ): Promise<T> {
    const { object, written } = await applyIfNeeded(this.#client, resource, {
      desired,
      live,
      hashAnnotation: APPLIED_HASH,
      fieldManager: FIELD_MANAGER,
      // Whoever else writes these fields is overruled: they follow from the BotFleet alone.
      force: true,
      signal: this.#signal,
    });
    if (written) this.#written.push(resource.kind);
    return object;
  }

  async #remove<T extends KubeObject>(resource: Resource<T>, live: T | undefined): Promise<void> {
    if (live === undefined) return;
    try {
      await this.#client.delete(resource, live.metadata, {
        preconditions: asRead(live),
        signal: this.#signal,
      });
    } catch (error) {
      // It has gone or changed before the cache could tell, which it is about to.
      if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
    }
  }

  /** Deletes the object and leaves what it owns: the next one of its name takes that over. */
  async #release<T extends KubeObject>(resource: Resource<T>, live: T | undefined): Promise<void> {
    if (live === undefined) return;
    this.#waiting = true;
    await this.#client.delete(resource, live.metadata, {
      propagationPolicy: 'Orphan',
      preconditions: asRead(live),
      signal: this.#signal,
    });
  }
}

/** Only this very object, and only as it was when it was decided about. */
function asRead({ metadata: { uid, resourceVersion } }: KubeObject) {
  return { uid, resourceVersion };
}

/** Whether asking again without any change would only be refused again. */
function isRefusal(error: unknown): error is KubeApiError {
  if (!(error instanceof KubeApiError)) return false;
  // What server-side apply does not know is no client's fault to the API server, by its status.
  if (error.status === 500) return error.message.includes('failed to create typed patch object');
  return error.status >= 400 && error.status < 500 && ![401, 409, 429].includes(error.status);
}
