import { Readable } from 'node:stream';
import { PersonalData } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { RECENT, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import { clearTokenCookies, type SignedInPrincipal } from '../auth/index.ts';
import { callerWith } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { type TenantScoped, tenantAndIdParams } from '../tenant-scoped.ts';
import { eraseOwn, eraseUser } from './erase-person.ts';
import { exportOwn, exportUser } from './hand-over.ts';

const tags = ['Personal data'];
const NoContent = Type.Null({ description: 'Erased.' });
const File = Type.Unsafe<unknown>({
  description: 'One JSON document, as a file.',
  content: { 'application/json': { schema: PersonalData } },
});
const OWN = [
  'auth.unauthenticated',
  'auth.csrf_refused',
  'auth.insufficient_user_authentication',
  'rate.limited',
] as const;
/** What cannot be undone is asked for by whoever has just proved who they are. */
const JUST_NOW = { maxAge: 120 };

const asFile = (reply: FastifyReply, id: string, document: AsyncGenerator<string>) =>
  reply
    .type('application/json; charset=utf-8')
    .header('content-disposition', `attachment; filename="personal-data-${id}.json"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(document));

/** One's own data: taking it along, and having it erased (spec A5, U2; GDPR Art. 15, 17, 20). */
export const ownDataRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.post(
    '/account/export',
    {
      config: { access: user({ stepUp: RECENT }) },
      schema: {
        tags,
        operationId: 'exportOwnData',
        summary: 'All data about me',
        description:
          'Needs a proof of the last ten minutes (`POST /auth/step-up`). Everything that is held of the account, as one JSON document: the ' +
          'account, addresses, roles, memberships, sessions, consents, and the audit records that it caused or that are about it. It is on record ' +
          'that it was exported.',
        response: { 200: File, ...problems(...OWN) },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      const document = await exportOwn(deps, principal, contextOf(request));
      return asFile(reply, principal.userId, document);
    },
  );

  app.post(
    '/account/erase',
    {
      config: { access: user({ stepUp: JUST_NOW }) },
      schema: {
        tags,
        operationId: 'eraseOwnData',
        summary: 'Erase me',
        description:
          'Needs a proof of the last two minutes (`POST /auth/step-up`). For good: the account goes with all sessions, credentials, links, roles and memberships everywhere, and the key is ' +
          'destroyed under which records say who it was; they still verify. The address is free. Not for the last administrator of a tenant, who gives ' +
          'the role to somebody else first, or has the tenant closed.',
        response: { 204: NoContent, ...problems(...OWN, 'auth.session_expired', 'users.last_administrator') },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      await eraseOwn(deps, principal, contextOf(request));
      clearTokenCookies(reply, deps.config, await deps.clients.get(principal.session.client_id));
      return reply.code(204).send(null);
    },
  );
  done();
};

/** A user's data, for the administrators of the home tenant, on that user's request. */
export const personalDataRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  const common = [
    'request.invalid',
    'auth.unauthenticated',
    'auth.csrf_refused',
    'access.denied',
    'auth.insufficient_user_authentication',
    'resource.not_found',
    'users.self_forbidden',
  ] as const;

  app.post(
    `${at}/users/:id/export`,
    {
      config: { access: user({ permission: 'personal_data:export', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `exportUserData${suffix}`,
        summary: 'All data about a user',
        description:
          'What `POST /account/export` answers, of a user whose home is this tenant, on that user’s request. Not of somebody who governs what the caller ' +
          'does not. It is on record who exported whom.',
        params: tenantAndIdParams(scope),
        response: { 200: File, ...problems(...common, 'users.last_administrator') },
      },
    },
    async (request, reply) =>
      asFile(reply, request.params.id, await exportUser(deps, callerWith(request), request.params.id)),
  );

  app.post(
    `${at}/users/:id/erase`,
    {
      config: { access: user({ permission: 'personal_data:erase', stepUp: JUST_NOW }) },
      schema: {
        tags,
        operationId: `eraseUserData${suffix}`,
        summary: 'Erase a user',
        description:
          'What `POST /account/erase` does, to a user whose home is this tenant. Deleting a user leaves the name in what is recorded; this does not. Not for ' +
          'oneself, nor for the last administrator, nor for somebody who governs what the caller does not.',
        params: tenantAndIdParams(scope),
        response: { 204: NoContent, ...problems(...common, 'users.last_administrator') },
      },
    },
    async (request, reply) => {
      await eraseUser(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
