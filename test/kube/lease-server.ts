import { KubeApiError } from '../../src/kube/api-error.ts';
import type { Lease, LeaseSpec } from '../../src/kube/elector-record.ts';
import type { Manifest } from '../../src/kube/resource.ts';

/** What the API server knows of one Lease: its rules for versions and uids, without the wire. */
export class LeaseServer {
  /** Hears of each write, as a watch does. */
  onWrite: (lease: Lease) => void = () => undefined;
  #lease: Lease | undefined;
  #versions = 0;

  get lease(): Lease | undefined {
    return this.#lease;
  }

  get(): Lease {
    return this.#lease ?? refuse(404, 'NotFound');
  }

  create(manifest: Manifest): Lease {
    if (this.#lease !== undefined) refuse(409, 'AlreadyExists');
    const version = this.#nextVersion();
    return this.#store(manifest, { uid: `uid-${version}`, version });
  }

  replace(manifest: Manifest): Lease {
    const { metadata } = this.#lease ?? refuse(404, 'NotFound');
    const { uid, resourceVersion } = manifest.metadata;
    const same = uid === metadata.uid && resourceVersion === metadata.resourceVersion;
    if (!same) refuse(409, 'Conflict');
    return this.#store(manifest, { uid: metadata.uid, version: this.#nextVersion() });
  }

  delete(): void {
    this.#lease = undefined;
  }

  #nextVersion(): string {
    return String(++this.#versions);
  }

  #store(
    { metadata, ...manifest }: Manifest,
    { uid, version }: { readonly uid: string; readonly version: string },
  ): Lease {
    this.#lease = structuredClone({
      spec: manifest['spec'] as LeaseSpec,
      metadata: {
        ...metadata,
        name: metadata.name ?? '',
        uid,
        resourceVersion: version,
        creationTimestamp: '2026-01-31T12:00:00Z',
      },
    });
    this.onWrite(structuredClone(this.#lease));
    return structuredClone(this.#lease);
  }
}

function refuse(status: number, reason: string): never {
  throw new KubeApiError(`the lease server says ${reason}`, { status, reason });
}
