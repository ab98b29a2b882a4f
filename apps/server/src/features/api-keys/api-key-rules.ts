import { canonicalRange } from '../../config/index.ts';
import type { CallingPrincipal } from '../../platform/access/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { ApiKeyRow } from './api-keys.repo.ts';

/**
 * Nobody makes a key, or comes to hold one, that opens what they may not do themselves (spec R2, threat 72).
 *
 * @throws {Problem} `access.grant_exceeds_own` with the first permission that is missing
 */
export function checkScopes(principal: CallingPrincipal, scopes: readonly string[]): void {
  const missing = scopes.find((scope) => !principal.permissions.has(scope));
  if (missing === undefined) return;
  throw new Problem('access.grant_exceeds_own', {
    detail: `You do not hold ${missing} yourself: no key of yours can.`,
    missingPermission: missing,
  });
}

/**
 * SECURITY: who sees a key anew, or lets it in from elsewhere, acts in the name of its owner from then on.
 *
 * @throws {Problem} `api_keys.not_own`, `access.grant_exceeds_own`
 */
export function checkMayHold(principal: CallingPrincipal, key: ApiKeyRow): void {
  if (key.client_id === null && key.owner_id !== principal.principalId)
    throw new Problem('api_keys.not_own', {
      detail: 'Its owner alone regenerates and changes it. You can revoke it.',
    });
  checkScopes(principal, key.scopes);
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
