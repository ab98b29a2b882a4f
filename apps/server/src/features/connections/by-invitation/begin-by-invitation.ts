import { Problem } from '../../../platform/http/index.ts';
import { ssoRequired } from '../../auth/index.ts';
import type { Deps } from '../../deps.ts';
import { enterByLink, readInvitation } from '../../invitations/index.ts';
import { beginSignIn, getEnabledConnection } from '../begin-sign-in.ts';
import type { ConnectionRow } from '../connections.repo.ts';
import type { TenantId } from '../../../platform/ids.ts';

/**
 * Sends the holder of an invitation to a provider of the inviting tenant, or of the platform (spec W12). The link goes along sealed,
 * beside what was begun.
 *
 * @throws {Problem} `auth.link_invalid`, `auth.sso_required`, `resource.not_found`, `auth.connection_disabled`, `auth.provider_failed`
 */
export async function beginByInvitation(
  deps: Deps,
  { token, connectionId, cookie }: { token: string; connectionId: string; cookie: string },
): Promise<URL> {
  const inside = enterByLink(token);
  // Before the connection, so that a made-up link asks for nothing else.
  await deps.doors.withTenant(inside, (tx) => readInvitation(deps, tx, token));
  const row = await getEnabledConnection(deps, connectionId);
  checkConnectionOf(row, inside.tenantId);
  const { signIn } = await deps.tenantRules.get(inside.tenantId);
  if (signIn.policy === 'restricted' && row.tenant_id !== inside.tenantId) throw ssoRequired();
  return beginSignIn(deps, {
    connectionId,
    client: undefined,
    returnTo: '/invitation',
    cookie,
    invitation: token,
  });
}

/**
 * SECURITY: what another tenant's provider says of an address is no word for it here (threat 4).
 *
 * @throws {Problem} `resource.not_found`
 */
export function checkConnectionOf(row: ConnectionRow, tenantId: TenantId): void {
  if (row.scope === 'tenant' && row.tenant_id !== tenantId)
    throw new Problem('resource.not_found', { detail: 'There is no such way to accept the invitation.' });
}
