import { toMicroTime } from './micro-time.ts';
import type { KubeObject, Resource } from './resource.ts';

/** The record of an election, as `coordination.k8s.io/v1` has it. */
export interface LeaseSpec {
  /** Empty or absent: nobody. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  /** RFC 3339 with six digits of a second, as are all times here. */
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** Stands in a Lease that had to be made anew, for whoever may still be at work under the old one. */
const UNKNOWN_HOLDER = 'unknown';

/** Who holds the lease; undefined where nobody does, or nobody knows. */
export function holderOf(lease: Lease | undefined): string | undefined {
  const holder = lease?.spec?.holderIdentity;
  return holder === '' || holder === UNKNOWN_HOLDER ? undefined : holder;
}

/** Whether the last holder has said that it no longer works. */
export function isReleased({ spec }: Lease): boolean {
  return !spec?.holderIdentity;
}

/** What a leader writes: it holds the lease since `acquiredMs`, and at `renewedMs` (both wall time). */
export function heldSpec(options: {
  readonly holder: string;
  readonly durationMs: number;
  readonly term: number;
  readonly acquiredMs: number;
  readonly renewedMs: number;
}): LeaseSpec {
  return {
    holderIdentity: options.holder,
    leaseDurationSeconds: options.durationMs / 1000,
    acquireTime: toMicroTime(options.acquiredMs),
    renewTime: toMicroTime(options.renewedMs),
    leaseTransitions: options.term,
  };
}

/** What a leader writes when it no longer works: free for anyone at once. */
export function releasedSpec(term: number, wallMs: number): LeaseSpec {
  return {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: toMicroTime(wallMs),
    renewTime: toMicroTime(wallMs),
    leaseTransitions: term,
  };
}

/**
 * What a candidate writes where there is no Lease: the record that it saw last, as if its holder
 * were at work still, which it may be. Like any other it must run out first.
 */
export function restoredSpec(last: LeaseSpec | undefined, durationMs: number): LeaseSpec {
  return {
    ...last,
    holderIdentity: last?.holderIdentity || UNKNOWN_HOLDER,
    leaseDurationSeconds: Math.max(last?.leaseDurationSeconds ?? 0, durationMs / 1000),
    leaseTransitions: last?.leaseTransitions ?? 0,
  };
}
