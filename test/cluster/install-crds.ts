import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { environmentError } from '../../src/lib/errors.ts';
import { waitFor } from '../support/wait.ts';
import { rawApi } from './raw-api.ts';

const CRDS = join(import.meta.dirname, '../../crds');
const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** What is read here of a CustomResourceDefinition. */
export interface Crd {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** The CustomResourceDefinitions of `crds/`. */
export async function readCrds(): Promise<readonly Crd[]> {
  const files = (await readdir(CRDS)).filter((file) => file.endsWith('.yaml'));
  const texts = await Promise.all(files.map((file) => readFile(join(CRDS, file), 'utf8')));
  return texts.map((text) => parse(text) as Crd);
}

/** Installs our CRDs, or brings those that are there up to date. They serve when it resolves. */
export async function installCrds(kubeconfig: string): Promise<void> {
  const crds = await readCrds();
  await Promise.all(crds.map((crd) => installCrd(kubeconfig, crd)));
}

async function installCrd(kubeconfig: string, crd: Crd): Promise<void> {
  const { name } = crd.metadata;
  const path = `${PATH}/${name}`;
  const { status, body } = await rawApi(kubeconfig, {
    method: 'PATCH',
    path: `${path}?fieldManager=tests&force=true`,
    contentType: 'application/apply-patch+yaml',
    body: crd,
  });
  if (status >= 300) {
    const { message } = body as { readonly message?: string };
    throw environmentError('CRD_REFUSED', `the API server refused crds/ of ${name}: ${message}`);
  }
  await waitFor(`${name} to be served`, async () => {
    const { body } = await rawApi(kubeconfig, { path });
    const conditions = (body as Crd).status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
  });
}
