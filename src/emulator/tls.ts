import { issueCertificate, type KeyPair, makeAuthority } from '../lib/certificates.ts';
import { type Clock, systemClock } from '../lib/clock.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

/**
 * A certificate authority made for this run, and a certificate signed by it for this machine and
 * `host`. Both are good for a year.
 */
export async function makeCertificates(
  host: string,
  clock: Clock = systemClock,
): Promise<KeyPair & { readonly caPem: string }> {
  const fromMs = clock.wallMs();
  const validity = { fromMs, toMs: fromMs + YEAR_MS };
  const authority = await makeAuthority('tenantbot emulator CA', validity);
  const leaf = await issueCertificate(authority, ['localhost', '127.0.0.1', '::1', host], validity);
  return { ...leaf, caPem: authority.cert };
}
