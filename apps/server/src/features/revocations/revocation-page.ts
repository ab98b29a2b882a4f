import type { RevocationPage, RevocationQuery } from '@gatehouse/contracts';
import { type EnteredTenant, type CallingPrincipal } from '../../platform/access/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { describeRevocation } from '../../platform/revocations/describe.ts';
import {
  isRevocation,
  LOG_START,
  type LogPlace,
  loadRevocations,
} from '../../platform/revocations/revocations.repo.ts';
import type { Deps } from '../deps.ts';

const DEFAULT_LIMIT = 200;
/** As long as a token may live at most (ACCESS_TOKEN_EXPIRE_MINUTES): what a follower has missed since may be gone. */
const CURSOR_MS = 24 * 3_600_000;

/** Whose entries a caller follows: one tenant's, or all. */
export type FollowedScope = TenantId | 'all';

/** As followers are told whom they hear about. */
export const tenantOf = (scope: FollowedScope): TenantId | null => (scope === 'all' ? null : scope);

/** SECURITY: all of them for the platform's own followers alone, inside the root tenant; everybody else sees their tenant's. */
export const followedBy = (principal: CallingPrincipal, entered: EnteredTenant): FollowedScope =>
  entered.tenantId === ROOT_TENANT && principal.permissions.has('tenant_revocations:read')
    ? 'all'
    : entered.tenantId;

/**
 * One page of the log. Its cursor stays below the oldest running transaction, so that what commits late is not passed by; what
 * has been committed above it is in the page already, and may be in the next one again.
 *
 * @throws {Problem} `request.cursor_invalid`, `revocations.cursor_expired`
 */
export async function readRevocations(
  deps: Pick<Deps, 'doors' | 'cursors' | 'clock'>,
  scope: FollowedScope,
  { after, limit = DEFAULT_LIMIT }: RevocationQuery,
): Promise<RevocationPage> {
  const from = after === undefined ? undefined : openCursor(deps, scope, after);
  const read = await loadRevocations(
    deps.doors,
    from?.place ?? LOG_START,
    scope === 'all' ? null : scope,
    limit + 1,
  );
  // A cursor of another database, such as this one before it was put back from a copy.
  if (from !== undefined && BigInt(from.restart) > BigInt(read.newest)) throw expired();
  const rows = read.rows.slice(0, limit);
  const last = rows.at(-1);
  const more = read.rows.length > limit;
  // Where the first page of a look began to be uncertain, the next look begins.
  const restart = from?.midway ? from.restart : read.horizon;
  const place = more && last !== undefined ? last : { xid: restart, seq: LOG_START.seq };
  return {
    items: rows.filter(isRevocation).map(describeRevocation),
    cursor: sealCursor(deps, scope, { place, restart, midway: more }),
    more,
    tenantId: tenantOf(scope),
    time: read.readAt.toISOString(),
  };
}

interface Cursor {
  place: LogPlace;
  /** Where the next look begins, once this one has come to its end. */
  restart: string;
  midway: boolean;
}

const listOf = (scope: FollowedScope) => JSON.stringify(['revocations', scope]);

/** SECURITY: sealed, and bound to what may be followed: one of the platform's is good for nothing in a tenant (threat 73). */
export const sealCursor = (
  { cursors, clock }: Pick<Deps, 'cursors' | 'clock'>,
  scope: FollowedScope,
  { place, restart, midway }: Cursor,
): string =>
  cursors.seal(listOf(scope), [place.xid, place.seq, restart, midway ? 1 : 0, clock.now().getTime()]);

function openCursor(
  { cursors, clock }: Pick<Deps, 'cursors' | 'clock'>,
  scope: FollowedScope,
  text: string,
): Cursor {
  const position = cursors.open(listOf(scope), text);
  if (position === undefined)
    throw new Problem('request.cursor_invalid', { detail: 'Use the cursor of the answer before.' });
  const [xid, seq, restart, midway, madeAt] = position.map(String);
  if (Number(madeAt) + CURSOR_MS <= clock.now().getTime()) throw expired();
  return {
    place: { xid: xid ?? '0', seq: seq ?? '0' },
    restart: restart ?? '0',
    midway: midway === '1',
  };
}

const expired = () =>
  new Problem('revocations.cursor_expired', {
    detail:
      'Entries may have been removed since: forget what you hold, and read from the beginning, without after.',
  });
