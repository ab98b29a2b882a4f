import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  CreateTenant,
  Id,
  Message,
  PageQuery,
  PLAIN_TEXT,
  sortBy,
  Tenant,
  TenantType,
  UpdateTenant,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, either, user } from '../../platform/access/index.ts';
import { pageOf, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { listTenantsPage } from './list-tenants.ts';
import { openTenant } from './open-tenant.ts';
import { tenantOf } from './tenant-message.ts';
import { activateTenant, deleteTenant, suspendTenant } from './tenant-status.ts';
import { loadEntered } from './tenants.repo.ts';
import { updateTenant } from './update-tenant.ts';

const tags = ['Tenants'];
const Params = Message({ tenantId: Id });
const Query = PageQuery({
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: PLAIN_TEXT,
      description: 'Part of a name.',
      examples: ['acme'],
    }),
  ),
  status: Type.Optional(
    Type.String({
      enum: ['active', 'suspended', 'deleted'],
      description: 'Deleted tenants are listed only when they are asked for.',
    }),
  ),
  type: Type.Optional(TenantType),
  sort: sortBy('name', 'createdAt'),
});
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.origin_refused', 'auth.csrf_refused'] as const;

/** Which permission opens a tenant depends on the way into it: one's own, a customer of one's own, or any, from the platform. */
const byWay = (act: 'read' | 'update') =>
  user({ permission: { own: `settings:${act}`, parent: `customers:${act}`, platform: `tenants:${act}` } });
/** No tenant suspends or deletes itself: from inside, it takes what only the platform's administrators hold. */
const fromAbove = (act: 'suspend' | 'delete') =>
  user({ permission: { own: `tenants:${act}`, parent: `customers:${act}`, platform: `tenants:${act}` } });

/** Tenants: the platform's customers and partners, and the customers of the partners (spec T1, T2, T4). */
export const tenantsRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/tenants',
    {
      config: {
        access: either(user({ permission: 'tenants:read' }), user({ permission: 'customers:read' })),
      },
      schema: {
        tags,
        operationId: 'listTenants',
        summary: 'List tenants',
        description:
          "The caller's own tenant and those below it, by name unless `sort` says otherwise; for the platform's administrators, all.",
        querystring: Query,
        response: pageOf(Tenant, 'access.denied'),
      },
    },
    (request) => listTenantsPage(deps, callerWith(request), request.query),
  );

  app.post(
    '/tenants',
    {
      config: {
        access: either(user({ permission: 'tenants:create' }), user({ permission: 'customers:create' })),
      },
      schema: {
        tags,
        operationId: 'openTenant',
        summary: 'Open a tenant',
        description:
          'Below the caller’s own: the platform opens customers and partners (`tenants:create`), a partner opens customers (`customers:create`). It ' +
          'has no users yet: add the first one with `POST /api/v1/tenants/{tenantId}/users`.',
        body: CreateTenant,
        response: {
          201: Tenant,
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.origin_refused',
            'auth.csrf_refused',
            'access.denied',
            'tenants.not_a_partner',
            'tenants.slug_in_use',
          ),
        },
      },
    },
    async (request, reply) =>
      reply.code(201).send(tenantOf(await openTenant(deps, callerWith(request), request.body))),
  );

  app.get(
    '/tenants/:tenantId',
    {
      config: { access: byWay('read') },
      schema: {
        tags,
        operationId: 'getTenant',
        summary: 'One tenant',
        description:
          'The own tenant, a customer of one’s own, or any, for the platform. What the list shows can be opened.',
        params: Params,
        response: { 200: Tenant, ...problems(...ofReading) },
      },
    },
    (request) => deps.doors.withTenant(callerOf(request).entered, loadEntered).then(tenantOf),
  );

  app.patch(
    '/tenants/:tenantId',
    {
      config: { access: byWay('update') },
      schema: {
        tags,
        operationId: 'updateTenant',
        summary: 'Change a tenant',
        description: 'Name and slug. A slug of null takes it away; what is not named stays.',
        params: Params,
        body: UpdateTenant,
        response: { 200: Tenant, ...problems(...ofChanging, 'tenants.slug_in_use') },
      },
    },
    (request) => updateTenant(deps, callerWith(request), request.body).then(tenantOf),
  );

  app.post(
    '/tenants/:tenantId/suspend',
    {
      config: { access: fromAbove('suspend') },
      schema: {
        tags,
        operationId: 'suspendTenant',
        summary: 'Suspend a tenant',
        description:
          'Every session of its users and every session that works in it stops at its next request, and nobody of it can sign in. All data is kept. ' +
          'Suspending a suspended tenant changes nothing.',
        params: Params,
        response: { 200: Tenant, ...problems(...ofChanging, 'tenants.root_fixed') },
      },
    },
    (request) => suspendTenant(deps, callerWith(request)).then(tenantOf),
  );

  app.post(
    '/tenants/:tenantId/activate',
    {
      config: { access: fromAbove('suspend') },
      schema: {
        tags,
        operationId: 'activateTenant',
        summary: 'Let a suspended tenant in again',
        description: 'Its users can sign in again; sessions that the suspension ended stay ended.',
        params: Params,
        response: { 200: Tenant, ...problems(...ofChanging, 'tenants.root_fixed') },
      },
    },
    (request) => activateTenant(deps, callerWith(request)).then(tenantOf),
  );

  app.delete(
    '/tenants/:tenantId',
    {
      config: { access: fromAbove('delete') },
      schema: {
        tags,
        operationId: 'deleteTenant',
        summary: 'Delete a suspended tenant',
        description:
          'For good: nobody enters it any more, its users’ addresses are free for other accounts, and its slug stays taken. It must be suspended and ' +
          'without customers. Its audit trail is kept.',
        params: Params,
        response: {
          204: Type.Null({ description: 'Deleted.' }),
          ...problems(...ofChanging, 'tenants.root_fixed', 'tenants.not_suspended', 'tenants.has_customers'),
        },
      },
    },
    async (request, reply) => {
      await deleteTenant(deps, callerWith(request));
      return reply.code(204).send(null);
    },
  );
  done();
};
