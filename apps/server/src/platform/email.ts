import { domainToASCII } from 'node:url';

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
