import type { IncomingMessage } from 'node:http';
import { canonicalAddress, isWithin } from '../../config/index.ts';

/**
 * The address of the client: the rightmost hop that is not a trusted proxy. The one function for limits, locks, records
 * and allowlists.
 *
 * SECURITY: everything to the left of the first untrusted hop was written by that hop and may be invented (threats 49,
 * 50). Without trusted proxies the header is not read at all.
 */
export function clientAddress(raw: IncomingMessage, trusted: readonly string[]): string {
  const peer = read(raw.socket.remoteAddress ?? '') ?? '';
  if (trusted.length === 0 || !isWithin(peer, trusted)) return peer;
  const header = raw.headers['x-forwarded-for'];
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((hop) => read(hop.trim()));
  for (const hop of hops.reverse()) {
    // A hop that is not an address cannot have been written by a proxy of ours: what is known ends here.
    if (hop === undefined) return peer;
    if (!isWithin(hop, trusted)) return hop;
  }
  return peer;
}

/** One spelling for one address, so that none has two counters; a port and a zone are left away. */
function read(text: string): string | undefined {
  const bare = text
    .replace(/^\[([^\]]+)\](?::\d+)?$/, '$1')
    .replace(/%.*$/, '')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  return canonicalAddress(bare);
}
