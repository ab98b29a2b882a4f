import { isLoopbackUrl } from '../../config/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { ClientSettings } from './clients.repo.ts';

interface Fault {
  path: string;
  message: string;
}

/**
 * Checks the addresses of a client beyond what their schema says: where tokens and codes may go, character by character.
 *
 * @throws {Problem} `request.invalid` naming every fault
 */
export function checkClientSettings(kind: string, settings: ClientSettings): void {
  const faults: Fault[] = [
    ...each('redirectUris', settings.redirectUris, (uri) => redirectUriFault(uri, kind)),
    ...each('origins', settings.origins, originFault),
    ...cookieDomainFaults(settings),
  ];
  const [first] = faults;
  if (first === undefined) return;
  const errors = faults.map(({ path, message }) => ({ path: `body/${path}`, message }));
  throw new Problem('request.invalid', { detail: `body/${first.path} ${first.message}.`, errors });
}

const each = (field: string, values: readonly string[], faultOf: (value: string) => string | undefined) =>
  values.flatMap((value, i): Fault[] => {
    const message = faultOf(value);
    return message === undefined ? [] : [{ path: `${field}/${i}`, message }];
  });

/** What is wrong with a redirect address (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1), if anything. */
export function redirectUriFault(uri: string, kind: string): string | undefined {
  if (/[#*\\]|%2[aA]/.test(uri)) return 'must not contain a fragment, a wildcard or a backslash';
  const url = URL.parse(uri);
  if (url === null) return 'must be an absolute URI';
  if (url.username !== '' || url.password !== '') return 'must not name a user';
  // SECURITY: what a browser would read differently from how it is written could pass here and lead elsewhere (threat 58).
  if (url.href !== uri && url.href !== `${uri}/`) return `must be written as a browser reads it: ${url.href}`;
  if (url.protocol.startsWith('http') && !isHost(url.hostname)) return 'must name a host';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:')
    return isLoopbackUrl(uri) ? undefined : 'must use https; http is for loopback addresses only';
  if (kind !== 'native') return 'must use https';
  return url.protocol.includes('.')
    ? undefined
    : 'must use https, or a scheme made of a domain that is yours, like com.example.app (RFC 8252 §7.1)';
}

/** URLs allow more characters in a host than any name has, an asterisk among them. */
const isHost = (hostname: string) => /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])$/.test(hostname);

/** What is wrong with a web origin, if anything. */
export function originFault(origin: string): string | undefined {
  const url = URL.parse(origin);
  if (url === null) return 'must be an origin, like https://app.example.com';
  if (url.origin !== origin) return `must be written as a browser sends it: ${url.origin}`;
  if (!isHost(url.hostname)) return 'must name a host, without a wildcard';
  if (url.protocol === 'https:' || isLoopbackUrl(origin)) return undefined;
  return 'must use https; http is for loopback addresses only';
}

function cookieDomainFaults({ cookieDomain, origins, tokenMode }: ClientSettings): Fault[] {
  if (cookieDomain === null) return [];
  const path = 'cookieDomain';
  if (tokenMode !== 'cookie')
    return [{ path, message: 'has a meaning in cookie mode only: bearer mode sets no cookie for a domain' }];
  const message = cookieDomainFault(cookieDomain);
  if (message !== undefined) return [{ path, message }];
  return each('origins', origins, (origin) => {
    const { hostname } = new URL(origin);
    return hostname === cookieDomain || hostname.endsWith(`.${cookieDomain}`)
      ? undefined
      : `must lie under the cookie domain ${cookieDomain}`;
  });
}

/**
 * What is wrong with a cookie's domain, if anything: it must look like one that somebody can register.
 *
 * The whole list of public suffixes is the browsers', and they refuse cookies for one (RFC 6265 §5.3); what is refused here are
 * the frequent ones, so that the mistake is seen when it is made.
 */
export function cookieDomainFault(domain: string): string | undefined {
  const labels = domain.split('.');
  const [first, last] = [labels[0] ?? '', labels.at(-1) ?? ''];
  if (!labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label)))
    return 'must be a host name in lower case';
  if (labels.length < 2) return 'must have at least two labels, like example.com';
  if (!/^(?:[a-z]{2,}|xn--[a-z0-9-]+)$/.test(last)) return 'must be a host name, not an address';
  const isPublic =
    labels.length === 2 && ((last.length === 2 && SECOND_LEVEL.has(first)) || HOSTING.has(domain));
  return isPublic
    ? 'must not be a suffix that many register under: anybody there would get the cookie'
    : undefined;
}

/** Labels under which the country domains register, as in co.uk, com.au or or.jp. */
const SECOND_LEVEL = new Set(
  'ac asso co com edu go gob gouv gov govt gv id ltd me mil ne net nhs nic nom or org plc sch web'.split(' '),
);
/** Where hosting services hand out a name to everybody. */
const HOSTING = new Set(
  (
    'amazonaws.com appspot.com azurewebsites.net cloudfront.net firebaseapp.com fly.dev github.io gitlab.io ' +
    'herokuapp.com netlify.app onrender.com pages.dev run.app vercel.app web.app workers.dev'
  ).split(' '),
);
