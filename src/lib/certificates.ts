import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import { toDate } from './clock.ts';

/** A certificate with its key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** From when to when a certificate is good, in milliseconds since the Unix epoch. */
export interface Validity {
  readonly fromMs: number;
  readonly toMs: number;
}

const KIND = { keyType: 'ec', algorithm: 'sha256' } as const;

/** A new certificate authority: its own root, on P-256, that signs nothing but certificates. */
export async function makeAuthority(name: string, validity: Validity): Promise<KeyPair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...KIND,
    ...dates(validity),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** A certificate of `authority` for a server that is reached by `names`: DNS names or addresses. */
export async function issueCertificate(
  authority: KeyPair,
  names: readonly [string, ...string[]],
  validity: Validity,
): Promise<KeyPair> {
  const made = await generate([{ name: 'commonName', value: names[0].slice(0, 64) }], {
    ...KIND,
    ...dates(validity),
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [...new Set(names)].map(altName) },
    ],
  });
  return { cert: made.cert, key: made.private };
}

function dates({ fromMs, toMs }: Validity): { notBeforeDate: Date; notAfterDate: Date } {
  return { notBeforeDate: toDate(fromMs), notAfterDate: toDate(toMs) };
}

const DNS_NAME = 2;
const IP_ADDRESS = 7;

function altName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  return isIP(name) === 0 ? { type: DNS_NAME, value: name } : { type: IP_ADDRESS, ip: name };
}
