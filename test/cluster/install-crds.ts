import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { environmentError } from '../../src/lib/errors.ts';
import { waitFor } from '../support/wait.ts';
import { rawApi } from './raw-api.ts';

const CRDS = join(import.meta.dirname, '../../crds');
const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Crd {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** Installs the CRDs of `crds/`, or brings those that are there up to date. They serve when it resolves. */
export async function installCrds(kubeconfig: string): Promise<void> {
  const files = await readdir(CRDS);
  await Promise.all(files.map((file) => installCrd(kubeconfig, join(CRDS, file))));
}

async function installCrd(kubeconfig: string, file: string): Promise<void> {
  const crd = parse(await readFile(file, 'utf8')) as Crd;
  const path = `${PATH}/${crd.metadata.name}`;
  const { status, body } = await rawApi(kubeconfig, {
    method: 'PATCH',
    path: `${path}?fieldManager=tests&force=true`,
    contentType: 'application/apply-patch+yaml',
    body: crd,
  });
  if (status >= 300) {
    const { message } = body as { readonly message?: string };
    throw environmentError('CRD_REFUSED', `the API server refused ${file}: ${message}`);
  }
  await waitFor(`${crd.metadata.name} to be served`, async () => {
    const { body } = await rawApi(kubeconfig, { path });
    const conditions = (body as Crd).status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
  });
}
