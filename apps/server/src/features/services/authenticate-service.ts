import type { ServicePrincipal } from '../../platform/access/index.ts';
import type { Claims } from '../../platform/crypto/index.ts';
import type { Deps } from '../deps.ts';
import { permissionsOf } from '../roles/index.ts';
import type { ServiceContext } from './services.repo.ts';

/** Whether the claims of a verified token are those of a service: no session stands behind them, and the client is the subject (RFC 9068 §2.2). */
export const isServiceToken = ({ sid, sub, client_id: clientId }: Claims): boolean =>
  sid === undefined && typeof clientId === 'string' && sub === clientId;

/**
 * Which service calls with this token? Its roles are those of this moment, narrowed to the token's `scope` where it has one (spec R7).
 * Issuer, audience and expiry are the caller's to judge; undefined when the service no longer stands.
 */
export async function loadServicePrincipal(
  deps: Pick<Deps, 'serviceContexts' | 'tenantRules'>,
  claims: Claims,
): Promise<ServicePrincipal | undefined> {
  const { client_id: clientId, tenant_id: tenantId, scope } = claims;
  const context = typeof clientId === 'string' ? await deps.serviceContexts.get(clientId) : undefined;
  // SECURITY: the client_id of a service that is gone may have been taken anew, elsewhere too (threat 12).
  if (context === undefined || context.tenant_id !== tenantId) return undefined;
  return servicePrincipal(deps, context, typeof scope === 'string' ? scope : undefined);
}

export async function servicePrincipal(
  deps: Pick<Deps, 'tenantRules'>,
  context: ServiceContext,
  scope: string | undefined,
): Promise<ServicePrincipal> {
  const { features } = await deps.tenantRules.get(context.tenant_id);
  const held = permissionsOf(context, features);
  return {
    kind: 'service',
    tenantId: context.tenant_id,
    principalId: context.principal_id,
    clientId: context.client_id,
    roles: context.role_names,
    permissions: scope === undefined ? held : new Set(scope.split(' ').filter((name) => held.has(name))),
  };
}
