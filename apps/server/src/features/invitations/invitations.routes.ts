import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { CreateInvitation, Id, Invitation, InvitationStatus, PageQuery } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { invitationOf } from './invitation-of.ts';
import { invite } from './invite.ts';
import { type InvitationFilter, listInvitations, loadInvitation } from './invitations.repo.ts';
import { resendInvitation } from './resend-invitation.ts';
import { revokeInvitation } from './revoke-invitation.ts';

const tags = ['Invitations'];
const Query = PageQuery({
  status: Type.Optional(InvitationStatus),
  importId: Type.Optional(Id),
});
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.origin_refused', 'auth.csrf_refused'] as const;

/** Whom the entered tenant has invited (spec T4, W12). */
export const invitationsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/invitations`,
    {
      config: { access: user({ permission: 'invitations:read' }) },
      schema: {
        tags,
        operationId: `listInvitations${suffix}`,
        summary: 'List invitations',
        description:
          'Newest first. Those that have expired, were accepted or taken back are kept for 30 days; sending an expired one again opens it.',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(Invitation, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const status = request.query.status as InvitationFilter['status'];
      const { importId } = request.query;
      const now = deps.clock.now();
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['invitations', entered.tenantId, status ?? '', importId ?? ''],
          query: request.query,
          load: (position, limit) =>
            listInvitations(
              tx,
              {
                status,
                importId,
                after: position && { createdAt: new Date(String(position[0])), id: String(position[1]) },
                limit,
              },
              now,
            ),
          position: (row) => [row.created_at.toISOString(), row.id],
          item: (row) => invitationOf(row, now),
        }),
      );
    },
  );

  app.post(
    `${at}/invitations`,
    {
      config: { access: user({ permission: 'invitations:create' }) },
      schema: {
        tags,
        operationId: `invite${suffix}`,
        summary: 'Invite somebody',
        description:
          'Mails a single-use link, good for as many days as the tenant says. Whoever reads that mailbox accepts with the account that the address has, and becomes a guest of this ' +
          'tenant, or makes one here. Which of the two, nobody is told beforehand: the answer is the same. The roles need `roles:assign` and must be held in full by the ' +
          'caller; they count from acceptance on, as far as the caller could still give them then.',
        params: tenantParams(scope),
        body: CreateInvitation,
        response: {
          201: Invitation,
          ...problems(
            ...ofChanging,
            'roles.unknown',
            'roles.root_only',
            'access.grant_exceeds_own',
            'users.email_in_use',
            'invitations.exists',
            'tenants.user_limit_reached',
            'rate.limited',
          ),
        },
      },
    },
    async (request, reply) => reply.code(201).send(await invite(deps, callerWith(request), request.body)),
  );

  app.get(
    `${at}/invitations/:id`,
    {
      config: { access: user({ permission: 'invitations:read' }) },
      schema: {
        tags,
        operationId: `getInvitation${suffix}`,
        summary: 'One invitation',
        description: 'An invitation, or what became of it in the last 30 days.',
        params: tenantAndIdParams(scope),
        response: { 200: Invitation, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const now = deps.clock.now();
      const { id } = request.params;
      const row = await deps.doors.withTenant(callerOf(request).entered, (tx) => loadInvitation(tx, id, now));
      if (!row)
        throw new Problem('resource.not_found', { detail: 'There is no such invitation in this tenant.' });
      return invitationOf(row, now);
    },
  );

  app.post(
    `${at}/invitations/:id/resend`,
    {
      config: { access: user({ permission: 'invitations:create' }) },
      schema: {
        tags,
        operationId: `resendInvitation${suffix}`,
        summary: 'Send an invitation again',
        description:
          'Mails a new link, good for as many days from now as the tenant says; the ones before end.',
        params: tenantAndIdParams(scope),
        response: { 200: Invitation, ...problems(...ofChanging, 'rate.limited') },
      },
    },
    (request) => resendInvitation(deps, callerWith(request), request.params.id),
  );

  app.delete(
    `${at}/invitations/:id`,
    {
      config: { access: user({ permission: 'invitations:revoke' }) },
      schema: {
        tags,
        operationId: `revokeInvitation${suffix}`,
        summary: 'Take an invitation back',
        description:
          'Its link opens nothing from then on. Not for an invitation that gives what the caller does not hold.',
        params: tenantAndIdParams(scope),
        response: { 204: Type.Null({ description: 'Taken back.' }), ...problems(...ofChanging) },
      },
    },
    async (request, reply) => {
      await revokeInvitation(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
