import ipaddr from 'ipaddr.js';
import { inputError } from '../../lib/errors.ts';

/** Whoever has an address of IPv6 has at least such a network of them. */
const IPV6_BITS = 64;

type Address = ipaddr.IPv4 | ipaddr.IPv6;
/** A network, and how many bits name it. */
export type Network = readonly [Address, number];

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. Throws an input error where it is none. */
export function parseNetwork(text: string): Network {
  try {
    const [address, bits] = ipaddr.parseCIDR(text.includes('/') ? text : withAllBits(text));
    return [address, bits];
  } catch (error) {
    const words = `"${text}" is no network such as 10.0.0.0/8 or 2001:db8::/32, and no address`;
    throw inputError('NETWORK_INVALID', words, error);
  }
}

function withAllBits(text: string): string {
  return `${text}/${ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128}`;
}

/** Whether `address` lies in one of `networks`. */
export function isWithin(address: string, networks: readonly Network[]): boolean {
  const parsed = parse(address);
  return (
    parsed !== undefined &&
    networks.some(
      ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
    )
  );
}

/** Whom an address stands for: the address itself, or its /64 where it is of IPv6. */
export function peerOf(address: string): string {
  const parsed = parse(address);
  if (!parsed) return 'unknown';
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${IPV6_BITS}`);
  return `${network.toString()}/${IPV6_BITS}`;
}

/** IPv4 that came through a socket of IPv6 is IPv4. */
function parse(text: string): Address | undefined {
  // Link-local addresses name the interface that they were seen on.
  const [address = ''] = text.split('%', 1);
  return ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
}
