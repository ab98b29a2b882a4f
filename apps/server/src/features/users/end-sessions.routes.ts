import type { FastifyInstance } from 'fastify';
import { EndedSessions, Id, Message } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { user } from '../../platform/access/index.ts';
import { problems } from '../../platform/http/index.ts';
import type { SessionId } from '../../platform/ids.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams } from '../tenant-scoped.ts';
import { endUserSessions } from './end-sessions.ts';

const access = user({ permission: 'sessions:end' });
const refusals = problems(
  'request.invalid',
  'auth.unauthenticated',
  'auth.csrf_refused',
  'access.denied',
  'resource.not_found',
  'users.self_forbidden',
);
const description =
  'They stop working at their next request. Not for somebody who governs what the caller does not.';

/** Ending sessions is an act on the user: the rules of `actOnPerson` hold. One's own are ended under `/sessions`. */
export function endSessionsRoutes(app: FastifyInstance, scope: TenantScoped): void {
  const { deps, at, suffix } = scope;
  const id = { id: Id, sessionId: Id };

  app.post<{ Params: { id: string } }>(
    `${at}/users/:id/sessions/end`,
    {
      config: { access },
      schema: {
        tags: ['Sessions'],
        operationId: `endUserSessions${suffix}`,
        summary: "End all of a user's sessions",
        description,
        params: tenantAndIdParams(scope),
        response: { 200: EndedSessions, ...refusals },
      },
    },
    (request) => endUserSessions(deps, callerWith(request), request.params.id),
  );

  app.delete<{ Params: { id: string; sessionId: string } }>(
    `${at}/users/:id/sessions/:sessionId`,
    {
      config: { access },
      schema: {
        tags: ['Sessions'],
        operationId: `endUserSession${suffix}`,
        summary: "End one of a user's sessions",
        description,
        params: at === '' ? Message(id) : Message({ tenantId: Id, ...id }),
        response: { 204: Type.Null({ description: 'Ended.' }), ...refusals },
      },
    },
    async (request, reply) => {
      const { params } = request;
      await endUserSessions(deps, callerWith(request), params.id, params.sessionId as SessionId);
      return reply.code(204).send(null);
    },
  );
}
