/**
 * To be imported before a runtime starts: names of Services lead to loopback. The runtime checks the
 * leader's certificate by such a name, and without a node there is no DNS that knows it.
 */
import dns from 'node:dns';

const { lookup } = dns;
dns.lookup = Object.assign(
  (host: string, ...rest: unknown[]): void => {
    Reflect.apply(lookup, dns, [host.endsWith('.svc') ? '127.0.0.1' : host, ...rest]);
  },
  { __promisify__: lookup.__promisify__ },
) as typeof lookup;
