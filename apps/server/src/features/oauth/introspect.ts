import type { IntrospectionAnswer } from '@gatehouse/contracts';
import type { CallingPrincipal, EnteredTenant } from '../../platform/access/index.ts';
import { canonicalAddress } from '../../config/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { isAllowedFrom, isApiKey, loadPresentedKey, principalOf } from '../api-keys/index.ts';
import { loadStandingSession, readClaims, sessionTokenOf } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { audienceOf, isServiceToken, loadServicePrincipal } from '../services/index.ts';

const INACTIVE: IntrospectionAnswer = { active: false };
interface Asking {
  principal: CallingPrincipal;
  entered: EnteredTenant;
}

/**
 * What a token or an API key is worth now, by the same judgement that our own routes go by.
 *
 * SECURITY: what is not good and what is another tenant's get the same answer (RFC 7662 §2.2): nobody learns by asking.
 */
export async function introspect(
  deps: Deps,
  asking: Asking,
  token: string,
  clientIp: string | undefined,
): Promise<IntrospectionAnswer> {
  const answer = isApiKey(token)
    ? await introspectKey(deps, asking, token, clientIp)
    : await introspectToken(deps, asking, token);
  return answer !== undefined && maySee(asking, answer.tenant_id) ? answer : INACTIVE;
}

const maySee = ({ principal, entered }: Asking, tenantId: string | undefined): boolean =>
  entered.tenantId === tenantId ||
  (entered.tenantId === ROOT_TENANT && principal.permissions.has('tenant_revocations:read'));

async function introspectKey(
  deps: Deps,
  asking: Asking,
  text: string,
  clientIp: string | undefined,
): Promise<IntrospectionAnswer | undefined> {
  const context = await loadPresentedKey(deps, text);
  // SECURITY: whoever asks says where the key came from; without that a list of addresses lets nobody in.
  if (context === undefined || !isAllowedFrom(context, canonicalAddress(clientIp ?? '') ?? ''))
    return undefined;
  // SECURITY: nor is a use noted for a tenant that has nothing to do with whoever asks.
  if (!maySee(asking, context.tenant_id)) return undefined;
  const now = deps.clock.now();
  const { tenant_id: tenantId, id, last_used_at: known } = context;
  deps.lastUses.note({ tenantId, id, known, at: now });
  const { owner, permissions } = await principalOf(deps, context);
  return {
    active: true,
    token_type: 'api_key',
    api_key_id: id,
    tenant_id: tenantId,
    ...(owner.kind === 'user'
      ? { sub: owner.userId, home_tenant_id: owner.homeTenantId }
      : { sub: owner.clientId, client_id: owner.clientId }),
    roles: [],
    scope: [...permissions].join(' '),
    iss: deps.config.publicUrl,
    iat: Math.floor(now.getTime() / 1000),
    ...(context.expires_at && { exp: Math.floor(context.expires_at.getTime() / 1000) }),
  };
}

async function introspectToken(
  deps: Deps,
  { principal }: Asking,
  text: string,
): Promise<IntrospectionAnswer | undefined> {
  const now = deps.clock.now();
  const claims =
    (await readClaims(deps, text, now)) ??
    // A service asks about tokens that were issued for it, and for nobody else.
    (principal.kind === 'service'
      ? await readClaims(deps, text, now, audienceOf(deps.config.publicUrl, principal.clientId))
      : undefined);
  if (claims === undefined) return undefined;
  const said = { active: true, token_type: 'access_token', ...pick(claims) } as const;
  if (isServiceToken(claims)) {
    const service = await loadServicePrincipal(deps, claims);
    return service && { ...said, roles: [...service.roles] };
  }
  const session = sessionTokenOf(claims);
  const standing = session && (await loadStandingSession(deps, session));
  // The token of a session that has gone on to another tenant says what is no longer so.
  return standing?.active_tenant_id === claims.tenant_id
    ? { ...said, roles: standing?.role_names ?? [] }
    : undefined;
}

const SHOWN = [
  'sub',
  'client_id',
  'tenant_id',
  'home_tenant_id',
  'sid',
  'namespace',
  'scope',
  'aud',
  'iss',
  'iat',
  'exp',
  'jti',
  'acr',
  'amr',
  'auth_time',
] as const;

const pick = (claims: Record<string, unknown>): Partial<IntrospectionAnswer> =>
  Object.fromEntries(SHOWN.filter((name) => claims[name] !== undefined).map((name) => [name, claims[name]]));
