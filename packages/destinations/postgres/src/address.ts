import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { DestinationError } from '@hexclave/sync';
import ipaddr from 'ipaddr.js';

/**
 * Resolves a host once and returns the address to connect to, so that no second look-up can answer differently.
 * Unless private hosts are allowed, every address of the name must be public: a name with mixed addresses is refused,
 * with the same words as any other.
 */
export async function resolveTarget(host: string, allowPrivate: boolean): Promise<string> {
  const addresses = await addressesOf(host);
  const [first] = addresses;
  if (first === undefined) throw new DestinationError('TARGET_UNREACHABLE', { detail: 'ENOTFOUND' });
  if (!allowPrivate && !addresses.every(isPublic)) throw new DestinationError('TARGET_ADDRESS_REFUSED');
  return first;
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true, verbatim: true }).catch((error: NodeJS.ErrnoException) => {
    throw new DestinationError('TARGET_UNREACHABLE', { detail: error.code });
  });
  return found.map((entry) => entry.address);
}

/** Whether an address is plain public unicast. Forms that carry an IPv4 address are judged by that address. */
export function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return !(parsed instanceof ipaddr.IPv6) || isGlobalUnicast(parsed);
}

/** 2000::/3 is all that is routed (RFC 4291); NAT64 and the like are other ranges to ipaddr.js already. */
function isGlobalUnicast(address: ipaddr.IPv6): boolean {
  return ((address.parts[0] ?? 0) & 0xe000) === 0x2000;
}
