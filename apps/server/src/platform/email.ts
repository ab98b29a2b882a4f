import { domainToASCII } from 'node:url';
import { isEmail } from '@gatehouse/contracts';

/** RFC 1035, 2.3.4: a label of up to 63 octets; the last one is no number, which would make the whole an address of IP. */
const HOST = /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)*(?!\d+$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;

/** Whether mail can go there at all: the form of an address, with a domain that is a host name in ASCII. */
export function isAddress(text: string): boolean {
  if (!isEmail(text)) return false;
  const domain = domainToASCII(text.slice(text.lastIndexOf('@') + 1).replace(/\.$/, ''));
  return domain.length <= 253 && HOST.test(domain);
}

/**
 * The key under which an address is found: no surrounding space, lower case, the domain in its ASCII form.
 *
 * SECURITY: nothing that merges two different mailboxes (no NFKC, no plus-tag or dot removal): a look-alike must never
 * find somebody else's account (threat 28). Mail always goes to the stored address, never to the one that was typed.
 */
export function emailKey(address: string): string {
  const trimmed = address.trim().normalize('NFC');
  const at = trimmed.lastIndexOf('@');
  const domain = domainToASCII(trimmed.slice(at + 1).replace(/\.$/, '')) || trimmed.slice(at + 1);
  return `${trimmed.slice(0, at).toLowerCase()}@${domain.toLowerCase()}`;
}
