import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { isPublic } from './address.ts';

describe('an address is not connected to', () => {
  test.each([
    ...['127.0.0.1', '::1', '::ffff:127.0.0.1', '::127.0.0.1', '::ffff:0:127.0.0.1', '0.0.0.0', '::'],
    ...['10.0.0.1', '100.64.0.1', '169.254.169.254', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'fec0::1'],
    ...[
      '64:ff9b::7f00:1',
      '64:ff9b:1::7f00:1',
      '2002:7f00:1::',
      '2001::1',
      '2001:db8::1',
      '3fff::1',
      '100::1',
      '4000::1',
    ],
    ...['192.0.0.192', '192.88.99.1', '198.18.0.1', '224.0.0.1', 'ff02::1', '240.0.0.1', '255.255.255.255'],
  ])('that is not public: %s', (address) => {
    expect(isPublic(address, [])).toBe(false);
  });

  test('by which virtual machines reach their host', () => {
    expect(isPublic('168.63.129.16', [])).toBe(false);
  });

  test.each([
    ['93.184.215.14', '93.184.215.14'],
    ['::ffff:93.184.215.14', '93.184.215.14'],
    ['2606:2800:21f:0:0:0:0:1', '2606:2800:21f::1'],
  ])('of this very machine, public or not: %s', (address, own) => {
    expect(isPublic(address, [])).toBe(true);
    expect(isPublic(address, ['127.0.0.1', 'fe80::1%eth0', own])).toBe(false);
  });

  test('whatever interfaces the machine has, the others are connected to', () => {
    expect(Object.keys(networkInterfaces()).length).toBeGreaterThan(0);
    expect(isPublic('93.184.215.14')).toBe(true);
  });
});
