import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';
import type { KeyPair } from '../../lib/certificates.ts';

/** What a server shows: to whoever asks for none of the names, that of `undefined`. */
export type CertificateFor = (name: string | undefined) => KeyPair;

const TLS = { minVersion: 'TLSv1.2' } as const;

/** What a server is to show, and then shows to whoever connects later. */
export function tlsOptions(certificate: CertificateFor) {
  return { ...certificate(undefined), ...TLS };
}

/** Has `app` show what `certificate` says, for each of `names` too, from the next connection on. */
export function followCertificate(
  app: FastifyInstance,
  certificate: CertificateFor,
  names: readonly string[],
): void {
  const server = app.server as unknown as Server;
  const shown = new Map<string | undefined, KeyPair>([[undefined, certificate(undefined)]]);
  const show = (name: string | undefined): void => {
    const current = certificate(name);
    if (current.cert === shown.get(name)?.cert) return;
    shown.set(name, current);
    const context = { ...current, ...TLS };
    if (name === undefined) server.setSecureContext(context);
    else server.addContext(name, context);
  };
  // Before the server's own listener, which begins the handshake.
  server.prependListener('connection', () => {
    for (const name of [undefined, ...names]) show(name);
  });
  // A handshake that fails is the client's affair.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
}
