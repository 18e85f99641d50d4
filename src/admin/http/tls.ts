import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';
import type { KeyPair } from '../../lib/certificates.ts';

const TLS = { minVersion: 'TLSv1.2' } as const;

/** What a server is to show, and then shows to whoever connects later. */
export function tlsOptions(certificate: () => KeyPair) {
  return { ...certificate(), ...TLS };
}

/** Has `app` show what `certificate` says from the next connection on. */
export function followCertificate(app: FastifyInstance, certificate: () => KeyPair): void {
  const server = app.server as unknown as Server;
  let shown = certificate();
  // Before the server's own listener, which begins the handshake.
  server.prependListener('connection', () => {
    const current = certificate();
    if (current.cert === shown.cert) return;
    shown = current;
    server.setSecureContext({ ...shown, ...TLS });
  });
  // A handshake that fails is the client's affair.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
}
