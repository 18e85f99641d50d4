import { z } from 'zod';

const labelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const stringMap = z.record(z.string(), z.string());
const unread = z.unknown().optional();

/**
 * `metadata` of a manifest, as far as this program reads it. What Kubernetes adds (managed fields,
 * owner references) is let through unread, so that `kubectl get -o yaml` can be fed back; a field
 * that Kubernetes does not know is refused.
 */
export const metadataSchema = z.strictObject({
  name: z.string().max(253, { error: 'must have at most 253 characters' }).regex(subdomainPattern, {
    error:
      'must consist of lower-case letters, digits, "-" and ".", and begin and end with a letter or digit',
  }),
  namespace: z
    .string()
    .max(63, { error: 'must have at most 63 characters' })
    .regex(labelPattern, {
      error:
        'must consist of lower-case letters, digits and "-", and begin and end with a letter or digit',
    })
    .default('default'),
  labels: stringMap.optional(),
  annotations: stringMap.optional(),
  generateName: unread,
  uid: z.string().optional(),
  resourceVersion: unread,
  generation: z.int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: unread,
  deletionGracePeriodSeconds: unread,
  ownerReferences: unread,
  finalizers: unread,
  managedFields: unread,
  selfLink: unread,
});

/** What the API server (or the standalone in its place) adds to `metadata`. */
export interface ObjectMeta extends z.output<typeof metadataSchema> {
  /** Identity of this very object: another one of the same name has another uid. */
  readonly uid: string;
  /** Grows by one at every change of `spec`. */
  readonly generation: number;
  /** RFC 3339. */
  readonly creationTimestamp: string;
}
