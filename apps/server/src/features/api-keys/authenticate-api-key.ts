import type { FastifyRequest } from 'fastify';
import { isWithin } from '../../config/index.ts';
import { type ApiKeyPrincipal, enterOwn } from '../../platform/access/index.ts';
import { contextOf, Problem } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { permissionsOf } from '../roles/index.ts';
import { hashOfPresented } from './api-key.ts';
import type { ApiKeyContext } from './api-keys.repo.ts';

/**
 * Who calls with this API key? Its scopes count as far as the owner holds them now: what is taken from the owner is taken from the
 * key.
 *
 * @throws {Problem} `auth.token_invalid` for one that is mistyped, unknown, revoked, expired, or whose owner no longer stands;
 *   `api_keys.address_refused`
 */
export async function authenticateApiKey(
  deps: Deps,
  request: FastifyRequest,
  text: string,
): Promise<ApiKeyPrincipal> {
  const context = await loadPresentedKey(deps, text);
  if (context === undefined) throw invalidKey();
  const principal = await principalOf(deps, context);
  if (!isAllowedFrom(context, request.clientAddress)) {
    const refusal = addressRefused();
    await deps.denials.record({
      principal,
      entered: enterOwn(principal),
      request: contextOf(request),
      resource: { type: 'api_key', id: context.id },
      reason: { code: refusal.code },
    });
    throw refusal;
  }
  const { tenant_id: tenantId, id, last_used_at: known } = context;
  deps.lastUses.note({ tenantId, id, known, at: deps.clock.now() });
  return principal;
}

/** What a presented key stands for now; undefined where it stands for nothing. */
export async function loadPresentedKey(
  deps: Pick<Deps, 'apiKeyContexts'>,
  text: string,
): Promise<ApiKeyContext | undefined> {
  const hash = hashOfPresented(text);
  return hash && deps.apiKeyContexts.get(hash);
}

/** SECURITY: an address that is not known is in no range: a list that was set is never passed by (threat 49). */
export const isAllowedFrom = ({ allowed_addresses: ranges }: ApiKeyContext, address: string): boolean =>
  ranges.length === 0 || (address !== '' && isWithin(address, ranges));

export async function principalOf(
  deps: Pick<Deps, 'tenantRules'>,
  context: ApiKeyContext,
): Promise<ApiKeyPrincipal> {
  const { features } = await deps.tenantRules.get(context.tenant_id);
  const held = permissionsOf(context, features);
  return {
    kind: 'api_key',
    tenantId: context.tenant_id,
    principalId: context.id,
    roles: [],
    permissions: new Set(context.scopes.filter((scope) => held.has(scope))),
    shownAs: context.shown_as,
    owner: ownerOf(context),
  };
}

function ownerOf(context: ApiKeyContext): ApiKeyPrincipal['owner'] {
  const { owner_user_id: userId, owner_home: homeTenantId, owner_client_id: clientId } = context;
  if (userId !== null && homeTenantId !== null) return { kind: 'user', userId, homeTenantId };
  if (clientId !== null) return { kind: 'service', clientId };
  throw new Error('a key without an owner');
}

// RFC 6750 §3.1
const invalidKey = () =>
  new Problem('auth.token_invalid', {
    detail: 'The API key is mistyped, revoked or expired, or its owner may no longer sign in.',
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });

const addressRefused = () =>
  new Problem('api_keys.address_refused', {
    detail: 'This key has a list of addresses, and yours is not among them.',
  });
