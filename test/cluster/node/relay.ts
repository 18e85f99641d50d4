/**
 * Runs in a node's network. `out` serves listeners that its parent opened outside and dials inside;
 * `in` opens listeners inside and hands them to its parent, which dials outside. Ends with its
 * parent. Sockets stay in the network that they were opened in, whoever holds them.
 */
import { createServer, type Server } from 'node:net';
import { pipeTo } from './pipe.ts';

/** What a parent asks of this program. */
export type RelayRequest =
  | { readonly kind: 'out'; readonly host: string; readonly port: number }
  | { readonly kind: 'in'; readonly host: string; readonly port: number };

process.on('disconnect', () => process.exit());
// A terminal sends Ctrl-C to all; the parent decides when this ends.
process.on('SIGINT', () => {});
process.on('message', (request: RelayRequest, handle: Server | undefined) => {
  if (request.kind === 'out') {
    handle?.on('connection', (socket) => pipeTo(socket, request));
    process.send?.({ done: true });
    return;
  }
  const server = createServer();
  server.once('error', (error) => process.send?.({ error: error.message }));
  server.listen(request.port, request.host, () => {
    // The parent has the socket then; two acceptors would share the connections.
    process.send?.({ done: true }, server, () => server.close());
  });
});
