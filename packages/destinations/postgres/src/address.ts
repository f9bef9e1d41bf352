import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { DestinationError } from '@hexclave/sync';
import ipaddr from 'ipaddr.js';

/** What a look-up fails with when the resolver itself does not answer, whatever the name. */
const RESOLVER_IS_SILENT = 'EAI_AGAIN';

/**
 * Resolves a host once and returns the address to connect to, so that no second look-up can answer differently.
 * Unless private hosts are allowed, every address of the name must be public. Whatever is not, a name with mixed addresses
 * and a name that does not exist are then refused with the same words: names of the operator's network are not to be
 * guessed by who may choose a host.
 */
export async function resolveTarget(host: string, allowPrivate: boolean): Promise<string> {
  const addresses = await addressesOf(host).catch((error: NodeJS.ErrnoException) => {
    if (allowPrivate || error.code === RESOLVER_IS_SILENT) {
      throw new DestinationError('TARGET_UNREACHABLE', { detail: error.code });
    }
    return [];
  });
  const [first] = addresses;
  if (first === undefined || !(allowPrivate || addresses.every((address) => isPublic(address)))) {
    throw new DestinationError('TARGET_ADDRESS_REFUSED');
  }
  return first;
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map((entry) => entry.address);
}

/** Every virtual machine of Azure reaches its host by this address, which is public by its form. */
const AZURE_HOST = '168.63.129.16';

/**
 * Whether an address is plain public unicast, and not of this very machine: no firewall stands between the server and what
 * listens here. Forms that carry an IPv4 address are judged by that address.
 */
export function isPublic(address: string, own: readonly string[] = ownAddresses()): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv6 && !isGlobalUnicast(parsed)) return false;
  const text = parsed.toString();
  return text !== AZURE_HOST && !own.some((each) => ipaddr.process(each).toString() === text);
}

/** Read anew each time: addresses come and go. Scopes are those of link-local ones, which are no public addresses anyway. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? []);
}

/** 2000::/3 is all that is routed (RFC 4291); NAT64 and the like are other ranges to ipaddr.js already. */
function isGlobalUnicast(address: ipaddr.IPv6): boolean {
  return ((address.parts[0] ?? 0) & 0xe000) === 0x2000;
}
