import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeAccess } from '../../cluster/node/node-access.ts';
import type { AnyObject, Kubectl } from './kubectl.ts';

/** What an Ingress says of one path: the Service, and its port by name. */
interface Rule {
  readonly host: string;
  readonly path: string;
  readonly service: { readonly name: string; readonly port: { readonly name: string } };
}

/** Something that routes by an Ingress, on a port of this machine's loopback. */
export interface IngressServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Routes requests as an Ingress of the cluster says that was applied to it: by host and by prefix of
 * the path, which is kept, to the address of a Service that exists. Without TLS.
 */
export async function serveIngress(
  kubectl: Kubectl,
  node: NodeAccess,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<IngressServer> {
  const { spec }: AnyObject = await kubectl.get('-n', namespace, 'ingress', name);
  const ways = await Promise.all(
    rulesOf(spec).map(async (rule) => [rule, await wayTo(rule)] as const),
  );

  async function wayTo({ service }: Rule): Promise<number> {
    const found: AnyObject = await kubectl.get('-n', namespace, 'service', service.name);
    const named = found.spec.ports.find((port: AnyObject) => port.name === service.port.name);
    return node.relays.out({ host: found.spec.clusterIP, port: named.port });
  }

  const server = createServer((incoming, response) => {
    const { host = '' } = incoming.headers;
    const path = incoming.url ?? '';
    const way = ways.find(([rule]) => rule.host === host && isBelow(path, rule.path));
    if (way) passOn(incoming, response, way[1]);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function rulesOf(spec: AnyObject): Rule[] {
  return spec.rules.flatMap(({ host, http }: AnyObject) =>
    http.paths.map(({ path, backend }: AnyObject) => ({ host, path, service: backend.service })),
  );
}

/** `pathType: Prefix` goes by whole elements of the path. */
function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function passOn(incoming: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url: path, headers } = incoming;
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}
