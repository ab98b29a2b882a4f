import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { CreateMembership, Membership, PageQuery, sortBy, UpdateMembership } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { addMember } from './add-member.ts';
import { endMembership } from './end-membership.ts';
import { membershipOf } from './membership-of.ts';
import { listMemberships, loadMembership } from './memberships.repo.ts';
import { setMembershipStatus } from './set-membership-status.ts';

const tags = ['Memberships'];
const Query = PageQuery({
  status: Type.Optional(UpdateMembership.properties.status),
  home: Type.Optional(
    Type.Boolean({ description: 'True for the tenant’s own users, false for guests from other tenants.' }),
  ),
  sort: sortBy('createdAt'),
});
const NoContent = Type.Null({ description: 'Ended.' });

/** Who belongs to the entered tenant: its own users, and guests from others (spec T4). */
export const membershipsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/memberships`,
    {
      config: { access: user({ permission: 'memberships:read' }) },
      schema: {
        tags,
        operationId: `listMemberships${suffix}`,
        summary: 'List memberships',
        description:
          'Who belongs to this tenant, oldest first unless `sort` says otherwise: its own users, and guests whose home is another tenant. The id of a ' +
          'membership is that of its principal, which roles are given to.',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(Membership, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { status, home, sort } = request.query;
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['memberships', entered.tenantId, sort ?? 'createdAt', status ?? '', String(home ?? '')],
          query: request.query,
          load: (position, limit) =>
            listMemberships(
              tx,
              {
                status,
                home,
                descending: sort === '-createdAt',
                after: position && { createdAt: new Date(String(position[0])), id: String(position[1]) },
                limit,
              },
              deps.clock.now(),
            ),
          position: (row) => [row.created_at.toISOString(), row.id],
          item: membershipOf,
        }),
      );
    },
  );

  app.post(
    `${at}/memberships`,
    {
      config: { access: user({ permission: 'memberships:create' }) },
      schema: {
        tags,
        operationId: `addMember${suffix}`,
        summary: 'Make a colleague a member',
        description:
          "A user of the caller's own home tenant becomes a member of this tenant, which the platform or a partner has entered. A new member holds no role.",
        params: tenantParams(scope),
        body: CreateMembership,
        response: {
          201: Membership,
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'access.denied',
            'resource.not_found',
            'memberships.exists',
            'tenants.user_limit_reached',
          ),
        },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await addMember(deps, callerWith(request), request.body.userId)),
  );

  app.get(
    `${at}/memberships/:id`,
    {
      config: { access: user({ permission: 'memberships:read' }) },
      schema: {
        tags,
        operationId: `getMembership${suffix}`,
        summary: 'One membership',
        description: 'A membership in this tenant.',
        params: tenantAndIdParams(scope),
        response: {
          200: Membership,
          ...problems('request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    async (request) => {
      const { entered } = callerOf(request);
      const row = await deps.doors.withTenant(entered, (tx) =>
        loadMembership(tx, request.params.id, deps.clock.now()),
      );
      if (!row)
        throw new Problem('resource.not_found', { detail: 'There is no such membership in this tenant.' });
      return membershipOf(row);
    },
  );

  app.patch(
    `${at}/memberships/:id`,
    {
      config: { access: user({ permission: 'memberships:suspend' }) },
      schema: {
        tags,
        operationId: `updateMembership${suffix}`,
        summary: 'Suspend a membership, or let it in again',
        description:
          'Counts from the next request on, in this tenant only. Not for the membership at home (suspend the user), nor for one’s own, nor for the last administrator, nor for somebody who governs ' +
          'what the caller does not.',
        params: tenantAndIdParams(scope),
        body: UpdateMembership,
        response: {
          200: Membership,
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'access.denied',
            'resource.not_found',
            'users.self_forbidden',
            'memberships.home_fixed',
            'users.last_administrator',
          ),
        },
      },
    },
    (request) =>
      setMembershipStatus(
        deps,
        callerWith(request),
        request.params.id,
        request.body.status === 'suspended' ? 'suspended' : 'active',
      ),
  );

  app.delete(
    `${at}/memberships/:id`,
    {
      config: { access: user({ permission: 'memberships:delete' }) },
      schema: {
        tags,
        operationId: `endMembership${suffix}`,
        summary: 'End a membership',
        description:
          "Takes the guest's roles away, too. The membership in the home tenant ends with the user.",
        params: tenantAndIdParams(scope),
        response: {
          204: NoContent,
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'access.denied',
            'resource.not_found',
            'users.self_forbidden',
            'memberships.home_fixed',
          ),
        },
      },
    },
    async (request, reply) => {
      await endMembership(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
