import ipaddr from 'ipaddr.js';

/**
 * Whether an address is one of the public internet: nothing of this machine, of a network behind it, or that a gateway turns
 * into one.
 *
 * SECURITY: what is allowed is named, and not what is refused. IPv6 must be of 2000::/3, and of that neither 6to4 nor Teredo nor
 * documentation; NAT64 (64:ff9b::), mapped and compatible forms of IPv4 lie outside of it (threat 64).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed.kind() === 'ipv4') return !NOT_PUBLIC_4.some((range) => parsed.match(range));
  return parsed.match(GLOBAL_6) && !NOT_PUBLIC_6.some((range) => parsed.match(range));
}

const GLOBAL_6 = ipaddr.parseCIDR('2000::/3');
/** Of those that the library may call unicast (RFC 6890, RFC 8155, RFC 7534). */
const NOT_PUBLIC_4 = [
  '0.0.0.0/8',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '240.0.0.0/4',
].map((range) => ipaddr.parseCIDR(range));
const NOT_PUBLIC_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map((range) =>
  ipaddr.parseCIDR(range),
);
