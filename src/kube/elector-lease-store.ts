import type { Clock } from '../lib/clock.ts';
import { environmentError } from '../lib/errors.ts';
import { isStatus } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { Deadline } from './deadline.ts';
import { LEASES, type Lease, type LeaseSpec } from './elector-record.ts';
import { apiVersionOf, type Manifest } from './resource.ts';

export interface LeaseStoreOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** A call that has not been answered after this long is given up. */
  readonly timeoutMs: number;
}

/**
 * Reads and writes one Lease. Every call ends within its time, also where the client does not obey
 * its signal. A write that was given up may still take effect.
 */
export class LeaseStore {
  readonly #options: LeaseStoreOptions;

  constructor(options: LeaseStoreOptions) {
    this.#options = options;
  }

  /** The Lease as it is now; undefined where there is none. */
  async get(signal?: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await this.#inTime('reading', signal, (options) =>
        client.get(LEASES, { namespace, name }, options),
      );
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** Makes the Lease; rejects with a conflict where there is one. */
  create(spec: LeaseSpec, signal?: AbortSignal): Promise<Lease> {
    const { client, namespace, name } = this.#options;
    const manifest = { ...this.#type, metadata: { namespace, name }, spec };
    return this.#inTime('making', signal, (options) => client.create(LEASES, manifest, options));
  }

  /**
   * Replaces the record in `lease`; rejects with a conflict where that is no longer the newest
   * version of this very Lease.
   */
  write(lease: Lease, spec: LeaseSpec, signal?: AbortSignal): Promise<Lease> {
    const manifest = { ...lease, ...this.#type, spec: { ...lease.spec, ...spec } };
    return this.#inTime('writing', signal, (options) =>
      this.#options.client.replace(LEASES, manifest, options),
    );
  }

  get #type(): Pick<Manifest, 'apiVersion' | 'kind'> {
    return { apiVersion: apiVersionOf(LEASES), kind: LEASES.kind };
  }

  async #inTime(
    doing: string,
    parent: AbortSignal | undefined,
    call: (options: { signal: AbortSignal; priority: 'election' }) => Promise<Lease>,
  ): Promise<Lease> {
    const { clock, timeoutMs, namespace, name } = this.#options;
    const error = environmentError(
      'LEASE_TIMEOUT',
      `${doing} the Lease ${namespace}/${name} took longer than ${timeoutMs} ms; is the API server slow?`,
    );
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const deadline = new Deadline(clock, timeoutMs, { error, parent });
    const { signal } = deadline;
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([aborted, call({ signal, priority: 'election' })]);
    } finally {
      deadline.release();
    }
  }
}
