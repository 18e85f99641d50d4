import { inputError, TenantBotError } from '../lib/errors.ts';
import type { ObjectRef, Resource } from './resource.ts';

/** Query parameters; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The path of a collection: of one namespace, or of all where that is undefined. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const { group, version, plural, namespaced } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  if (!namespaced || namespace === undefined) return `${root}/${plural}`;
  return `${root}/namespaces/${segment(namespace)}/${plural}`;
}

/** The path of one object. */
export function objectPath(resource: Resource, ref: ObjectRef, subresource?: string): string {
  if (resource.namespaced && ref.namespace === undefined) {
    throw new TenantBotError(
      'internal',
      'KUBE_NAMESPACE_MISSING',
      `${resource.kind} ${ref.name} is asked for without its namespace`,
    );
  }
  const path = `${collectionPath(resource, ref.namespace)}/${segment(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** `?a=b&c=d`, or nothing. */
export function queryString(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) params.set(name, String(value));
  }
  return params.size === 0 ? '' : `?${params.toString()}`;
}

/** A name as a part of a path. No name, however it came here, leads to another path. */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..') {
    throw inputError('KUBE_NAME', `${JSON.stringify(name)} is no name of a Kubernetes object`);
  }
  return encodeURIComponent(name);
}
