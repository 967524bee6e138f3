import type { NetworkInterfaceInfo } from 'node:os';

export interface ListenAddress {
  readonly ip: string;
  /** Host or address that viewers are told instead of `ip`. */
  readonly announce?: string;
}

/**
 * Where WebRTC listens: the loopback and every other address of the machine, since mediasoup makes one ICE candidate
 * of each. With `advertise`, the first address that is not the loopback is announced under that name (a NAT, a
 * container). IPv6 only where there is no IPv4.
 */
export function listenAddresses(
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
  advertise?: string,
): ListenAddress[] {
  const all = Object.values(interfaces).flatMap((list) => list ?? []);
  const reachable = all.filter((one) => !one.internal && !one.address.startsWith('fe80'));
  const outer = reachable.some((one) => one.family === 'IPv4')
    ? reachable.filter((one) => one.family === 'IPv4')
    : reachable;
  const loopback = all.find((one) => one.internal && one.family === 'IPv4')?.address ?? '127.0.0.1';
  const addresses: ListenAddress[] = [...new Set(outer.map((one) => one.address))].map((ip) => ({ ip }));
  const first = addresses[0];
  if (advertise !== undefined && !addresses.some(({ ip }) => ip === advertise)) {
    if (first === undefined) return [{ ip: loopback, announce: advertise }];
    addresses[0] = { ip: first.ip, announce: advertise };
  }
  return [...addresses, { ip: loopback }];
}

/** True for addresses that are not routed in the internet (RFC 1918, 4193, 6598 and link-local ones), and loopback. */
export function isNearAddress(address: string): boolean {
  const ip = address.toLowerCase().replace(/^::ffff:/, '');
  const [a = 0, b = 0] = ip.split('.').map(Number);
  if (!ip.includes('.')) return ip === '::1' || /^f[cd]/.test(ip) || /^fe[89ab]/.test(ip);
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  );
}
