import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isNearAddress, listenAddresses } from '../../../../src/media/webrtc/addresses.ts';

const one = (address: string, cidr: string, internal = false): NetworkInterfaceInfo => ({
  address,
  cidr,
  internal,
  netmask: '',
  mac: '',
  family: 'IPv4',
});
const machine = {
  lo: [one('127.0.0.1', '127.0.0.1/8', true)],
  eth0: [one('203.0.113.7', '203.0.113.7/24')],
  eth1: [one('10.0.0.7', '10.0.0.7/24')],
};

describe('where WebRTC listens', () => {
  it('is every address of the machine and the loopback', () => {
    expect(listenAddresses(machine)).toEqual([
      { ip: '203.0.113.7' },
      { ip: '10.0.0.7' },
      { ip: '127.0.0.1' },
    ]);
  });

  it('is told to viewers by another name where there is one', () => {
    expect(listenAddresses(machine, 'cam.example')[0]).toEqual({
      ip: '203.0.113.7',
      announce: 'cam.example',
    });
    expect(listenAddresses(machine, '10.0.0.7')[1]).toEqual({ ip: '10.0.0.7' });
    expect(listenAddresses({ lo: machine.lo }, 'cam.example')).toEqual([
      { ip: '127.0.0.1', announce: 'cam.example' },
    ]);
  });
});

describe('a viewer', () => {
  it.each(['127.0.0.1', '192.168.1.20', '172.31.0.1', '100.64.3.2', '::1', 'fd00::1', '::ffff:10.1.2.3'])(
    'at %s is near',
    (address) => expect(isNearAddress(address, {})).toBe(true),
  );

  it('in a network of this machine is near, wherever that is', () => {
    expect(isNearAddress('203.0.113.99', machine)).toBe(true);
    expect(isNearAddress('203.0.114.99', machine)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '2001:db8::1', 'viewer.local'])('at %s is not', (address) =>
    expect(isNearAddress(address, {})).toBe(false),
  );
});
