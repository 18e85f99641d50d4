import { connect, type Socket } from 'node:net';

/** Joins `socket` with a new connection to `target`, both ways, until either side has ended. */
export function pipeTo(socket: Socket, target: { readonly host: string; readonly port: number }) {
  const other = connect({ host: target.host, port: target.port, allowHalfOpen: true });
  for (const [from, to] of [
    [socket, other],
    [other, socket],
  ] as const) {
    from.setNoDelay(true);
    from.once('error', () => to.destroy());
    from.once('close', () => {
      if (!to.writableEnded) to.end();
    });
    from.pipe(to);
  }
}
