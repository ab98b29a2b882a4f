import { EndedSessions, Id, Message, PageQuery, Session } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf, enterOwn, personOf, type UserPrincipal, user } from '../../platform/access/index.ts';
import { contextOf, page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import type { Entered, TenantTx } from '../../platform/database/index.ts';
import type { SessionId, UserId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { type TenantScoped, tenantAndIdParams } from '../tenant-scoped.ts';
import { forgetDevices } from './remembered-devices.repo.ts';
import { endSession, endSessionsOf, isUserHere, listSessions, loadSession } from './sessions.repo.ts';

const tags = ['Sessions'];
const Query = PageQuery();
const NoContent = Type.Null({ description: 'Ended.' });

/** A user's sessions lie in the home tenant, whichever tenant they work in at the moment. */
const home = (principal: UserPrincipal) => enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });

function sessionsPage(
  deps: Deps,
  scope: Entered,
  of: { userId: UserId; current: SessionId | undefined; query: PageQuery },
) {
  return deps.doors.withTenant(scope, async (tx) => {
    await checkUserHere(tx, of.userId);
    return page({
      cursors: deps.cursors,
      list: ['sessions', scope.tenantId, of.userId],
      query: of.query,
      load: (position, limit) =>
        listSessions(tx, {
          userId: of.userId,
          now: deps.clock.now(),
          after: position && { createdAt: new Date(String(position[0])), id: String(position[1]) },
          limit,
        }),
      position: (row) => [row.created_at.toISOString(), row.id],
      item: (row): Session => ({
        id: row.id,
        userId: row.user_id,
        current: row.id === of.current,
        clientId: row.client_id,
        ip: row.ip,
        userAgent: row.user_agent,
        createdAt: row.created_at.toISOString(),
        lastUsedAt: row.last_used_at.toISOString(),
        expiresAt: (row.idle_expires_at < row.expires_at
          ? row.idle_expires_at
          : row.expires_at
        ).toISOString(),
      }),
    });
  });
}

/** @throws {Problem} `resource.not_found` for a user of another tenant and for none at all. */
async function checkUserHere(tx: TenantTx, userId: UserId): Promise<void> {
  if (!(await isUserHere(tx, userId)))
    throw new Problem('resource.not_found', { detail: 'There is no such user in this tenant.' });
}

/** One's own sessions (spec S7). */
export const sessionsRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/sessions',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'listSessions',
        summary: 'My sessions',
        description: 'Device, place and last use of each session that stands, newest first.',
        querystring: Query,
        response: pageOf(Session),
      },
    },
    (request) => {
      const { principal } = personOf(request);
      return sessionsPage(deps, home(principal), {
        userId: principal.userId,
        current: principal.sessionId,
        query: request.query,
      });
    },
  );

  app.delete(
    '/sessions/:id',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'endSession',
        summary: 'End one of my sessions',
        description: 'It stops working at its next request.',
        params: Message({ id: Id }),
        response: {
          204: NoContent,
          ...problems('request.invalid', 'auth.unauthenticated', 'auth.csrf_refused', 'resource.not_found'),
        },
      },
    },
    async (request, reply) => {
      const { principal } = personOf(request);
      await deps.doors.withTenant(home(principal), async (tx) => {
        const found = await loadSession(tx, request.params.id);
        // SECURITY: a session of somebody else is not there, like one that never was.
        if (
          found?.user_id !== principal.userId ||
          !(await endSession(tx, found.id as SessionId, 'ended by its user', deps.clock.now()))
        ) {
          throw new Problem('resource.not_found', { detail: 'You have no such session.' });
        }
        await deps.audit.record(tx, {
          action: 'session_ended',
          actor: actorOf(principal),
          resource: { type: 'session', id: found.id },
          after: { by: 'user' },
          request: contextOf(request),
        });
      });
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/sessions/end-others',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'endOtherSessions',
        summary: 'End all my other sessions',
        description:
          'The session that calls stays. Remembered browsers are forgotten, and sign-ins that wait for a second factor are over.',
        response: { 200: EndedSessions, ...problems('auth.unauthenticated', 'auth.csrf_refused') },
      },
    },
    (request) => {
      const { principal } = personOf(request);
      return deps.doors.withTenant(home(principal), async (tx) => {
        const ended = await endSessionsOf(tx, principal.userId, 'ended by its user', deps.clock.now(), {
          keep: principal.sessionId,
        });
        const forgottenDevices = await forgetDevices(tx, principal.userId);
        for (const waiting of ['second-factor', 'enrolment'] as const)
          await deps.oneTimeTokens.revoke(tx, waiting, principal.userId);
        await deps.audit.record(tx, {
          action: 'session_ended',
          actor: actorOf(principal),
          resource: { type: 'user', id: principal.userId },
          after: { by: 'user', ended, forgottenDevices },
          request: contextOf(request),
        });
        return { ended };
      });
    },
  );
  done();
};

/** The sessions of a tenant's users, for its administrators; ending them is an act on the user (features/users). */
export const userSessionsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/users/:id/sessions`,
    {
      config: { access: user({ permission: 'sessions:read' }) },
      schema: {
        tags,
        operationId: `listUserSessions${suffix}`,
        summary: "A user's sessions",
        description: 'Of a user whose home is this tenant.',
        params: tenantAndIdParams(scope),
        querystring: Query,
        response: pageOf(Session, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { principal, entered } = callerOf(request);
      return sessionsPage(deps, entered, {
        userId: request.params.id as UserId,
        current: principal.kind === 'user' ? principal.sessionId : undefined,
        query: request.query,
      });
    },
  );
  done();
};
