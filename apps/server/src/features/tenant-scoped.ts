import type { FastifyInstance } from 'fastify';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Id, Message } from '@gatehouse/contracts';
import type { Deps } from './deps.ts';

/** Options of a plugin whose routes are about one tenant. */
export interface TenantScoped {
  deps: Deps;
  /** `/tenants/{tenantId}` where the path names the tenant, else empty: the caller's own. */
  at: '' | '/tenants/:tenantId';
  /** Suffix of operation ids, which are unique in the OpenAPI document. */
  suffix: '' | 'OfTenant';
}

/**
 * Serves the same routes twice: for the caller's own tenant, and below `/tenants/{tenantId}` for the platform and for
 * partners (spec R1, T4). The access hook enters the tenant; handlers see no difference.
 */
export function serveTenantScoped(
  app: FastifyInstance,
  deps: Deps,
  plugins: FastifyPluginCallbackTypebox<TenantScoped>[],
): void {
  for (const plugin of plugins) {
    void app.register(plugin, { prefix: '/api/v1', deps, at: '', suffix: '' });
    void app.register(plugin, { prefix: '/api/v1', deps, at: '/tenants/:tenantId', suffix: 'OfTenant' });
  }
}

/** The path parameters of such a route. */
export const tenantParams = ({ at }: TenantScoped) => (at === '' ? Message({}) : Message({ tenantId: Id }));
export const tenantAndIdParams = ({ at }: TenantScoped) =>
  at === '' ? Message({ id: Id }) : Message({ tenantId: Id, id: Id });
