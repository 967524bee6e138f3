import { BlockList, isIP, isIPv6 } from 'node:net';
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

/**
 * True for the loopback, for addresses that are not routed in the internet (RFC 1918, 4193, 6598 and link-local ones),
 * and for those in a network of this machine.
 */
export function isNearAddress(address: string, interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): boolean {
  const ip = address.toLowerCase().replace(/^::ffff:/, '');
  const family = isIPv6(ip) ? 'ipv6' : 'ipv4';
  if (!isIP(ip)) return false;
  const own = new BlockList();
  for (const { cidr } of Object.values(interfaces).flatMap((list) => list ?? [])) {
    const [network = '', prefix = ''] = (cidr ?? '').split('/');
    if (isIP(network)) own.addSubnet(network, Number(prefix), isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  return PRIVATE.check(ip, family) || own.check(ip, family);
}

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');
