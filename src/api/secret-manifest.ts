import { z } from 'zod';
import { Secret } from '../lib/secret.ts';
import { type Checked, check, type Problem } from './explain.ts';
import { metadataSchema } from './metadata.ts';
import { withoutNulls } from './nulls.ts';

const MAX_TOTAL_BYTES = 1024 * 1024;

const valuesSchema = z.record(
  z
    .string()
    .max(253)
    .regex(/^(?!\.{1,2}$)(?!\.\.)[-._a-zA-Z0-9]+$/, {
      error: 'must be a key of a Secret: letters, digits, - _ .',
    }),
  z.string(),
);

/** A Secret as somebody writes it. */
export const secretSchema = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Secret'),
  metadata: metadataSchema,
  type: z.string().optional(),
  immutable: z.boolean().optional(),
  data: valuesSchema.optional(),
  stringData: valuesSchema.optional(),
});

/** One value of a Secret. What is not UTF-8 text can be neither a token nor a key. */
export type SecretValue =
  | { readonly kind: 'text'; readonly text: Secret }
  | { readonly kind: 'binary'; readonly bytes: number };

/** A Secret that was read: its values can't get into text by accident. */
export interface SecretObject {
  readonly metadata: z.output<typeof metadataSchema>;
  /** By key; `stringData` has gone before `data`, as in Kubernetes. */
  readonly values: ReadonlyMap<string, SecretValue>;
}

/** Reads a Secret as the API server does. No problem ever quotes a value. */
export function parseSecret(input: unknown): Checked<SecretObject> {
  const checked = check(secretSchema, withoutNulls(input, secretSchema));
  if (!checked.ok) return checked;
  const { metadata, data = {}, stringData = {} } = checked.value;
  const bytes = new Map<string, Buffer>();
  const problems: Problem[] = [];
  for (const [key, base64] of Object.entries(data)) {
    const decoded = decodeBase64(base64);
    if (decoded) bytes.set(key, decoded);
    else problems.push({ path: ['data', key], message: NOT_BASE64 });
  }
  for (const [key, text] of Object.entries(stringData)) bytes.set(key, Buffer.from(text));
  const totalBytes = bytes.values().reduce((sum, { length }) => sum + length, 0);
  if (totalBytes > MAX_TOTAL_BYTES) {
    problems.push({ path: [], message: 'must hold at most 1 MiB in all' });
  }
  if (problems.length > 0) return { ok: false, problems };
  const values = new Map(bytes.entries().map(([key, value]) => [key, secretValue(value)]));
  return { ok: true, value: { metadata, values } };
}

const NOT_BASE64 = 'must be base64; plain text goes into stringData';

/** Strict as Go's standard encoding: padded, line breaks allowed. */
function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replaceAll(/[\r\n]/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}

function secretValue(bytes: Buffer): SecretValue {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { kind: 'text', text: new Secret(decoder.decode(bytes)) };
  } catch {
    return { kind: 'binary', bytes: bytes.length };
  }
}
