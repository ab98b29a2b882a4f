import { AuditRetention, UpdateAuditRetention } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { callerOf, user } from '../../../platform/access/index.ts';
import { problems } from '../../../platform/http/index.ts';
import { callerWith } from '../../denied.ts';
import { type TenantScoped, tenantParams } from '../../tenant-scoped.ts';
import { changeRetention, describeRetention } from './change-retention.ts';
import { loadRetention } from './retention.repo.ts';

/** How long a tenant keeps its audit trail (spec A6). */
export const auditRetentionRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  const tags = ['Audit'];

  app.get(
    `${at}/audit/retention`,
    {
      config: { access: user({ permission: 'audit:read' }) },
      schema: {
        tags,
        operationId: `getAuditRetention${suffix}`,
        summary: 'How long records are kept',
        description:
          'The setting of the tenant, and how far records are gone: the signed checkpoint that stands in their place, from which the rest verifies.',
        params: tenantParams(scope),
        response: {
          200: AuditRetention,
          ...problems('auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    (request) =>
      deps.doors.withTenant(callerOf(request).entered, async (tx) =>
        describeRetention(deps, await loadRetention(tx)),
      ),
  );

  app.patch(
    `${at}/audit/retention`,
    {
      config: {
        access: user({
          permission: { own: 'settings:update', parent: 'customers:update', platform: 'tenants:update' },
        }),
      },
      schema: {
        tags,
        operationId: `setAuditRetention${suffix}`,
        summary: 'Set how long records are kept',
        description:
          'In days, or `null` for good. Not for fewer days than the deployment allows (`minimumDays`). What is older is removed within the hour and does ' +
          'not come back; what is left verifies. The change is on record with the days before.',
        params: tenantParams(scope),
        body: UpdateAuditRetention,
        response: {
          200: AuditRetention,
          ...problems(
            'request.invalid',
            'audit.retention_too_short',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'access.denied',
            'resource.not_found',
          ),
        },
      },
    },
    (request) => changeRetention(deps, callerWith(request), request.body.days),
  );
  done();
};
