import ipaddr from 'ipaddr.js';
import { SettingFault } from './settings.ts';

/** An address or a CIDR range, in the form that `isWithin` takes. */
export function parseCidr(value: string): string {
  if (ipaddr.isValidCIDR(value)) {
    // SECURITY: a range that covers everybody makes every client its own trusted proxy (oauth2-proxy, CVE-2026-40575).
    if (ipaddr.parseCIDR(value)[1] === 0) throw new SettingFault('must not trust every address there is');
    return value;
  }
  if (!ipaddr.isValid(value)) throw new SettingFault('must be addresses or CIDR ranges, separated by commas');
  const address = ipaddr.parse(value);
  return `${value}/${address.kind() === 'ipv4' ? 32 : 128}`;
}

/** An address in its one canonical spelling (RFC 5952; IPv4 inside IPv6 as IPv4); undefined for what is no address. */
export function canonicalAddress(text: string): string | undefined {
  const isAddress = text.includes(':') ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);
  return isAddress ? ipaddr.process(text).toString() : undefined;
}

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 address.
 *
 * SECURITY: every IPv6 host has a /64 of its own (RFC 6177), and would have as many counters as it has addresses there.
 */
export function countedAs(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toNormalizedString()}/64`).toString() + '/64';
}

/**
 * What counts as one network, where many clients of one stranger must not count as many strangers: the /24 of an IPv4 address,
 * the /48 of an IPv6 one, which is what a site gets (RFC 6177).
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4'
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${parsed.toString()}/24`).toString()}/24`
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toNormalizedString()}/48`).toString()}/48`;
}

/** Whether an address lies in one of the ranges; IPv4 addresses written as IPv6 count as IPv4. */
export function isWithin(address: string, ranges: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((range) => {
    const [base, bits] = ipaddr.parseCIDR(range);
    return base.kind() === parsed.kind() && parsed.match([base, bits]);
  });
}

/** An address or a CIDR range as `isWithin` takes it; undefined for what is none, and for the range of all addresses. */
export function canonicalRange(text: string): string | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const canonical = canonicalAddress(address);
  if (canonical === undefined || more.length > 0) return undefined;
  const range =
    bits === undefined ? `${canonical}/${canonical.includes(':') ? 128 : 32}` : `${canonical}/${bits}`;
  return ipaddr.isValidCIDR(range) && ipaddr.parseCIDR(range)[1] > 0 ? range : undefined;
}
