/** Whether `host`, an address or a name, is this machine and nothing but. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
