import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { KeyPair } from '../../lib/certificates.ts';

/** What the control channel's TLS is made of. Holds private keys: for a Secret alone. */
export interface TlsMaterial {
  /** Certificate authorities that runtimes are to trust, oldest first; one, or two while one
   * takes over from the other. */
  readonly authorities: readonly [KeyPair, ...KeyPair[]];
  /** What the leader shows. */
  readonly leaf: KeyPair;
}

const authoritiesSchema = z
  .array(z.object({ cert: z.string(), key: z.string() }))
  .min(1)
  .max(4)
  .transform((pairs) => pairs as unknown as TlsMaterial['authorities']);

/** Keys of the Secret. `ca.crt`, `tls.crt` and `tls.key` are what other tools expect them to be. */
const BUNDLE = 'ca.crt';
const CERTIFICATE = 'tls.crt';
const KEY = 'tls.key';
const AUTHORITY = 'authority.json';

/** What runtimes trust: the certificates of all authorities, PEM. Not secret. */
export function trustBundle({ authorities }: TlsMaterial): string {
  return authorities.map(({ cert }) => `${cert.trim()}\n`).join('');
}

/** `material` as the `stringData` of a Secret. */
export function toSecretData(material: TlsMaterial): Record<string, string> {
  return {
    [BUNDLE]: trustBundle(material),
    [CERTIFICATE]: material.leaf.cert,
    [KEY]: material.leaf.key,
    [AUTHORITY]: JSON.stringify(material.authorities),
  };
}

/**
 * What a Secret holds, given its values in plain text. Undefined where that is not whole, as when
 * somebody has edited it: then it is made anew.
 */
export function fromSecretData(
  data: Readonly<Record<string, string | undefined>>,
): TlsMaterial | undefined {
  try {
    const authorities = authoritiesSchema.parse(JSON.parse(data[AUTHORITY] ?? ''));
    const leaf = { cert: data[CERTIFICATE] ?? '', key: data[KEY] ?? '' };
    return [...authorities, leaf].every(isPair) ? { authorities, leaf } : undefined;
  } catch {
    return undefined;
  }
}

function isPair({ cert, key }: KeyPair): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}
