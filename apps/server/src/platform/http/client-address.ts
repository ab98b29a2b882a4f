import type { IncomingMessage } from 'node:http';
import { isWithin } from '../../config/index.ts';

/**
 * The address of the client: the rightmost hop that is not a trusted proxy. The one function for limits, locks, records
 * and allowlists.
 *
 * SECURITY: everything to the left of the first untrusted hop was written by that hop and may be invented (threats 49,
 * 50). Without trusted proxies the header is not read at all.
 */
export function clientAddress(raw: IncomingMessage, trusted: readonly string[]): string {
  const peer = normalise(raw.socket.remoteAddress ?? '');
  if (trusted.length === 0 || !isWithin(peer, trusted)) return peer;
  const header = raw.headers['x-forwarded-for'];
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((hop) => normalise(hop.trim()));
  for (const hop of hops.reverse()) {
    // A hop that is not an address cannot have been written by a proxy of ours: what is known ends here.
    if (!/^[0-9a-f.:]+$/i.test(hop)) return peer;
    if (!isWithin(hop, trusted)) return hop;
  }
  return peer;
}

/** IPv4 that arrives in IPv6 form, without its prefix; without a port or a zone. */
function normalise(address: string): string {
  const bare = address.replace(/^\[([^\]]+)\](?::\d+)?$/, '$1').replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  return mapped ?? bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}
