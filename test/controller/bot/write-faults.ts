import type { KubeClient } from '../../../src/kube/client.ts';
import { environmentError } from '../../../src/lib/errors.ts';

const WRITES = new Set<PropertyKey>(['create', 'replace', 'mergePatch', 'apply', 'delete']);

/** A client that can be cut off, as the process around it can be killed: between any two calls. */
export interface MortalClient {
  readonly client: KubeClient;
  /** Writes that the API server has taken, as `<verb> <resource>[/<subresource>] <name>`. */
  readonly writes: readonly string[];
}

/**
 * `client`, until it has written `most` times: that last write still happens, but nobody hears of
 * it; `onDeath` is called, and every call after it fails.
 */
export function mortalClient(
  client: KubeClient,
  { most = Infinity, onDeath = () => undefined }: { most?: number; onDeath?: () => void } = {},
): MortalClient {
  const writes: string[] = [];
  let begun = 0;
  const dead = (): Error => environmentError('DEAD', 'this client is dead');
  const handler: ProxyHandler<KubeClient> = {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      const call = method.bind(target) as (...args: unknown[]) => unknown;
      if (!WRITES.has(name)) {
        return (...args: unknown[]) => {
          if (begun >= most) throw dead();
          return call(...args);
        };
      }
      return async (...args: unknown[]) => {
        if (begun >= most) throw dead();
        const turn = ++begun;
        const answer = await call(...args);
        writes.push(describeWrite(String(name), args));
        if (turn < most) return answer;
        onDeath();
        throw dead();
      };
    },
  };
  return { client: new Proxy(client, handler), writes };
}

function describeWrite(verb: string, [resource, ref, ...rest]: unknown[]): string {
  const { plural } = resource as { readonly plural: string };
  const { name, metadata } = ref as { name?: string; metadata?: { name?: string } };
  const options = rest.at(-1) as { readonly subresource?: string } | undefined;
  const path = options?.subresource ? `${plural}/${options.subresource}` : plural;
  return `${verb} ${path} ${name ?? metadata?.name}`;
}
