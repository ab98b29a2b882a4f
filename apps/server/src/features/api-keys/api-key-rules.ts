import { canonicalRange } from '../../config/index.ts';
import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { checkHolding } from '../roles/index.ts';
import type { ApiKeyRow } from './api-keys.repo.ts';

/**
 * Nobody makes a key, or comes to hold one, that opens what they may not do themselves (spec R2, threat 72). One's own key never opens more
 * than oneself, however long it lasts; one of a service lasts no longer than what its maker holds.
 *
 * @throws {Problem} `access.grant_exceeds_own` with the first permission that is missing
 */
export const checkScopes = (
  tx: TenantTx,
  principal: CallingPrincipal,
  key: { scopes: readonly string[]; ofService: boolean; expiresAt: Date | null },
  now: Date,
): Promise<void> =>
  checkHolding(tx, principal, key.scopes, { until: key.ofService ? key.expiresAt : now, now });

/**
 * SECURITY: who sees a key anew, or lets it in from elsewhere, acts in the name of its owner from then on.
 *
 * @throws {Problem} `api_keys.not_own`, `access.grant_exceeds_own`
 */
export async function checkMayHold(
  tx: TenantTx,
  principal: CallingPrincipal,
  key: ApiKeyRow,
  now: Date,
): Promise<void> {
  if (key.client_id === null && key.owner_id !== principal.principalId)
    throw new Problem('api_keys.not_own', {
      detail: 'Its owner alone regenerates and changes it. You can revoke it.',
    });
  const { scopes, expires_at: expiresAt } = key;
  await checkScopes(tx, principal, { scopes, ofService: key.client_id !== null, expiresAt }, now);
}

/** @throws {Problem} `request.invalid` for what is no address and no range */
export function readRanges(texts: readonly string[]): string[] {
  return texts.map((text, index) => {
    const range = canonicalRange(text);
    if (range !== undefined) return range;
    const path = `body/allowedAddresses/${index}`;
    const message = 'must be an address or a CIDR range, and not all addresses there are';
    throw new Problem('request.invalid', { detail: `${path} ${message}.`, errors: [{ path, message }] });
  });
}

/** @throws {Problem} `request.invalid` for an end that is past */
export function readEnd(text: string | null | undefined, now: Date): Date | null {
  if (text === undefined || text === null) return null;
  const end = new Date(text);
  // RFC 3339 knows a 60th second and JavaScript does not: such a time is no date here.
  if (end.getTime() > now.getTime()) return end;
  const path = 'body/expiresAt';
  const message = 'must lie in the future';
  throw new Problem('request.invalid', { detail: `${path} ${message}.`, errors: [{ path, message }] });
}
