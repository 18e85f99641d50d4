import { randomUUID } from 'node:crypto';
import { environmentError } from '../../src/lib/errors.ts';
import { rawApi } from './raw-api.ts';

/** A namespace of one test. Leaving an `await using` starts its deletion. */
export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
}

const RESTRICTED = { 'pod-security.kubernetes.io/enforce': 'restricted' };

/** Makes a namespace that enforces restricted pod security, and whose name nobody else has. */
export async function makeNamespace(
  kubeconfig: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<TestNamespace> {
  const name = `test-${randomUUID().slice(0, 8)}`;
  const metadata = { name, labels: { ...RESTRICTED, ...labels } };
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata };
  const answer = await rawApi(kubeconfig, { method: 'POST', path: '/api/v1/namespaces', body });
  if (answer.status !== 201) {
    throw environmentError('NO_NAMESPACE', `no namespace: ${JSON.stringify(answer.body)}`);
  }
  return {
    name,
    async [Symbol.asyncDispose]() {
      await rawApi(kubeconfig, { method: 'DELETE', path: `/api/v1/namespaces/${name}` });
    },
  };
}
