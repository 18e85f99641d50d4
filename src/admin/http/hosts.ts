import { isIP } from 'node:net';

/**
 * Whether a request for `host` (as the header says) is meant for this server: by its address, as
 * localhost, or under one of `names`; a name that begins with a dot stands for all below it. A web
 * page that has its own name point here (DNS rebinding) is told by that name.
 */
export function isOurs(host: string | undefined, names: readonly string[]): boolean {
  const name = nameOf(host);
  if (name === undefined) return false;
  if (name === 'localhost' || isIP(name) !== 0) return true;
  return names.some((own) => (own.startsWith('.') ? name.endsWith(own) : name === own));
}

function nameOf(host: string | undefined): string | undefined {
  const [, address, name] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(host ?? '') ?? [];
  return (address ?? name)?.toLowerCase().replace(/\.$/, '');
}
