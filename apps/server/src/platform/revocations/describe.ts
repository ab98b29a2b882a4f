import type { Revocation } from '@gatehouse/contracts';
import { ROOT_TENANT } from '../ids.ts';
import type { LogRow, RevocationRow } from './revocations.repo.ts';

/**
 * An entry as followers get it: in claims of the tokens that it ends, so that a follower compares and need not understand.
 *
 * `iat` is in whole seconds (RFC 9068 §2.2): a token of the very second in which something ended counts as older than it.
 */
export function describeRevocation(row: RevocationRow): Revocation {
  return {
    kind: row.kind === 'principal' ? 'membership' : row.kind,
    tenantId: row.tenant_id,
    id: row.subject_id,
    matches: matchesOf(row),
    issuedBefore: Math.floor(row.created_at.getTime() / 1000) + 1,
    time: row.created_at.toISOString(),
  };
}

function matchesOf(row: RevocationRow): Revocation['matches'] {
  const { tenant_id, subject_id, user_id, client_id } = row;
  switch (row.kind) {
    case 'session':
      return [{ sid: subject_id }];
    case 'user':
      return [{ sub: subject_id }];
    case 'principal':
      // SECURITY: a row of the release before this one does not say whose membership it was: all of the tenant renew once.
      return [user_id === null ? { tenant_id } : { tenant_id, sub: user_id }];
    case 'tenant':
      // Its users wherever they work, and its guests.
      return [{ tenant_id: subject_id }, { home_tenant_id: subject_id }];
    case 'client':
      // SECURITY: as above; no claims are in every token.
      return [client_id === null ? {} : { client_id }];
    case 'access':
      // No token is less than it was: what it opens is decided by the bundle, which is to be fetched anew.
      return [];
    case 'api_key':
      return [{ api_key_id: subject_id }];
  }
}

/** Whether an entry concerns the followers of a tenant, as `revocation_log()` decides it for them. */
export const concerns = (row: LogRow, tenantId: string): boolean =>
  row.tenant_id === tenantId ||
  row.seen_by.includes(tenantId) ||
  ((row.kind === 'client' || row.kind === 'access') && row.tenant_id === ROOT_TENANT);
