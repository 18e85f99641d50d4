import {
  fromSecretData,
  type TlsMaterial,
  toSecretData,
  trustBundle,
} from '../../control/tls/material.ts';
import { rotate } from '../../control/tls/rotation.ts';
import { isAlreadyExists, isStatus } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Manifest } from '../../kube/resource.ts';
import { type KubeSecret, SECRETS } from '../../kube/well-known.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import { FIELD_MANAGER } from '../names.ts';
import { AUTHORITY_SECRET } from '../rights.ts';

/** Far below the propagation time of a new certificate, which every replica must show by then. */
const REREAD_MS = 10 * 60_000;

export interface AuthorityOptions {
  readonly client: KubeClient;
  /** The operator's own. */
  readonly namespace: string;
  /** What runtimes call the leader. */
  readonly names: readonly [string, ...string[]];
  /** Only the leader rotates; the others show what it has made. */
  readonly isLeader: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The certificate authority of the control channel, kept in a Secret that all replicas share: made
 * by the first one there is, rotated by the leader, read anew by all.
 */
export class Authority {
  readonly #options: AuthorityOptions;
  readonly #listeners = new Set<() => void>();
  #material: TlsMaterial;

  private constructor(options: AuthorityOptions, material: TlsMaterial) {
    this.#options = options;
    this.#material = material;
  }

  /** Reads the Secret, and makes it where there is none. */
  static async open(options: AuthorityOptions, signal: AbortSignal): Promise<Authority> {
    return new Authority(options, await bringUpToDate(options, { mayRotate: true, signal }));
  }

  /** What this replica shows to runtimes. */
  get material(): TlsMaterial {
    return this.#material;
  }

  /** What runtimes are to trust, PEM. */
  get bundle(): string {
    return trustBundle(this.#material);
  }

  /** Hears of new material, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps the material fresh until `signal` aborts. Failures are logged and tried again. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, isLeader, log } = this.#options;
    while (!signal.aborted) {
      await sleep(clock, REREAD_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        this.#take(await bringUpToDate(this.#options, { mayRotate: isLeader(), signal }));
      } catch (error) {
        log.warn(
          { error: errorMessage(error) },
          "the control channel's certificates were not read",
        );
      }
    }
  }

  #take(material: TlsMaterial): void {
    const before = JSON.stringify(this.#material);
    this.#material = material;
    if (JSON.stringify(material) === before) return;
    for (const listener of this.#listeners) listener();
  }
}

interface Pass {
  readonly mayRotate: boolean;
  readonly signal: AbortSignal;
}

/** The material in the Secret, after what had to be done to it. */
async function bringUpToDate(options: AuthorityOptions, pass: Pass): Promise<TlsMaterial> {
  const { clock, names } = options;
  for (;;) {
    const secret = await read(options, pass.signal);
    const stored = secret && fromSecretData(decoded(secret));
    if (stored && !pass.mayRotate) return stored;
    const material = await rotate(stored, { nowMs: clock.wallMs(), names });
    if (material === stored) return material;
    try {
      await write(options, { secret, material, signal: pass.signal });
      return material;
    } catch (error) {
      // Another replica was faster: what it has made counts.
      if (!isStatus(error, 409) && !isAlreadyExists(error)) throw error;
    }
  }
}

async function read(
  { client, namespace }: AuthorityOptions,
  signal: AbortSignal,
): Promise<KubeSecret | undefined> {
  try {
    return await client.get(SECRETS, { namespace, name: AUTHORITY_SECRET }, { signal });
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

async function write(
  { client, namespace }: AuthorityOptions,
  change: {
    readonly secret: KubeSecret | undefined;
    readonly material: TlsMaterial;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { secret, material, signal } = change;
  const resourceVersion = secret?.metadata.resourceVersion;
  const manifest: Manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      namespace,
      name: AUTHORITY_SECRET,
      labels: { 'app.kubernetes.io/part-of': 'tenantbot' },
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type: 'Opaque',
    stringData: toSecretData(material),
  };
  const options = { signal, fieldManager: FIELD_MANAGER };
  if (secret) await client.replace(SECRETS, manifest, options);
  else await client.create(SECRETS, manifest, options);
}

function decoded({ data = {} }: KubeSecret): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]),
  );
}
