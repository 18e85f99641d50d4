import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { KeyPair } from '../../lib/certificates.ts';
import type { Clock } from '../../lib/clock.ts';
import { errorMessage, inputError } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';

/** A renewed certificate is shown within this time. */
const REREAD_MS = 10_000;

/** Where a certificate is, and who is told when it can't be read any more. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What stands in the two files, whatever that is by then: a Secret that is mounted is renewed. What
 * is broken later is logged, and what was read before is shown on. Throws an input error where it is
 * broken from the start.
 */
export function certificateFiles({
  certificate,
  key,
  clock,
  log,
}: CertificateFiles): () => KeyPair {
  const read = (): KeyPair => {
    const pair = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
    createSecureContext(pair);
    return pair;
  };
  let shown: KeyPair;
  try {
    shown = read();
  } catch (error) {
    const words = `${certificate} and ${key} are no certificate with its key (PEM): ${errorMessage(error)}`;
    throw inputError('CERTIFICATE_UNREADABLE', words, error);
  }
  let readAtMs = clock.monotonicMs();
  return () => {
    if (clock.monotonicMs() - readAtMs < REREAD_MS) return shown;
    readAtMs = clock.monotonicMs();
    try {
      shown = read();
    } catch (error) {
      log.warn(
        `${certificate} can't be renewed; the one before is shown on: ${errorMessage(error)}`,
      );
    }
    return shown;
  };
}
