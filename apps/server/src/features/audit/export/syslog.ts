import { reveal } from '../search.ts';
import type { RecordLine } from './line.ts';

/** RFC 5424 §6.2.1: facility 13 is "log audit". */
const FACILITY = 13;
const [WARNING, NOTICE] = [4, 5];
/** Acts that somebody should look at. */
export const CAREFUL: ReadonlySet<string> = new Set([
  'failed_login',
  'account_locked',
  'authorization_denied',
  'session_reuse_detected',
]);

/** A record as a line of syslog (RFC 5424), without the line feed. The number 32473 is the one of examples (RFC 5612). */
export function syslogLine({ entry, personal, hash }: RecordLine, issuer: string): string {
  const context = reveal(entry.context, personal) as Record<string, string | null>;
  const parameters = {
    seq: String(entry.seq),
    id: entry.id,
    tenantId: entry.tenantId,
    actorKind: entry.actor.kind,
    actorId: entry.actor.id,
    actor: context.actor,
    resourceType: entry.resource.type,
    resourceId: entry.resource.id,
    ip: context.ip,
    userAgent: context.userAgent,
    correlationId: entry.correlationId,
    hash,
  };
  const data = Object.entries(parameters)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(' ');
  const priority = FACILITY * 8 + (CAREFUL.has(entry.action) ? WARNING : NOTICE);
  const state = JSON.stringify({
    before: reveal(entry.before, personal),
    after: reveal(entry.after, personal),
  });
  // §6.4: a message in UTF-8 begins with a byte order mark.
  return `<${priority}>1 ${entry.time} ${header(new URL(issuer).hostname, 255)} gatehouse - ${header(entry.action, 32)} [audit@32473 ${data}] \uFEFF${state}`;
}

/** §6: printable ASCII. */
const header = (text: string, length: number) => text.replaceAll(/[^!-~]/g, '?').slice(0, length) || '-';

/** §6.3.3. SECURITY: a control character, such as a line feed in a user agent, would begin a line of its own. */
const escaped = (text: string) =>
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?').replaceAll(/["\\\]]/g, '\\$&');
