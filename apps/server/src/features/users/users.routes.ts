import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  CreateUser,
  PageQuery,
  PLAIN_TEXT,
  sortBy,
  UpdateUser,
  User,
  UserStatus,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { pageOf, Problem, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { addUser } from './add-user.ts';
import { deleteUser } from './delete-user.ts';
import { listUsersPage } from './list-users.ts';
import { presentUser } from './present-users.ts';
import { renameUser } from './rename-user.ts';
import { endSessionsRoutes } from './end-sessions.routes.ts';
import { userActsRoutes } from './user-acts.routes.ts';
import { loadUser } from './users.repo.ts';

const tags = ['Users'];
const Query = PageQuery({
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: PLAIN_TEXT,
      description: 'Part of a name or of an address.',
      examples: ['ada'],
    }),
  ),
  status: Type.Optional(UserStatus),
  sort: sortBy('name', 'email', 'createdAt'),
});
const NoContent = Type.Null({ description: 'Deleted.' });

/** The users whose home is the entered tenant (spec T1, W11). */
export const usersRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/users`,
    {
      config: { access: user({ permission: 'users:read' }) },
      schema: {
        tags,
        operationId: `listUsers${suffix}`,
        summary: 'List users',
        description:
          'The users whose home is this tenant, by name unless `sort` says otherwise; `search` finds part of a name or of an address.',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(User, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => listUsersPage(deps, callerOf(request).entered, request.query),
  );

  app.post(
    `${at}/users`,
    {
      config: { access: user({ permission: 'users:create' }) },
      schema: {
        tags,
        operationId: `addUser${suffix}`,
        summary: 'Add a user',
        description:
          'Mails a single-use link with which the user sets a password, good for 72 hours; until then the user is `invited`. A new user holds no ' +
          'role but the named ones, which need `roles:assign` and which the caller must hold in full. For people who may have an account elsewhere: invite them, with `POST /api/v1/invitations`.',
        params: tenantParams(scope),
        body: CreateUser,
        response: {
          201: User,
          ...problems(
            'request.invalid',
            'roles.unknown',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'access.denied',
            'access.grant_exceeds_own',
            'roles.root_only',
            'resource.not_found',
            'users.email_in_use',
            'users.email_domain_refused',
            'tenants.user_limit_reached',
            'rate.limited',
          ),
        },
      },
    },
    async (request, reply) => reply.code(201).send(await addUser(deps, callerWith(request), request.body)),
  );

  app.get(
    `${at}/users/:id`,
    {
      config: { access: user({ permission: 'users:read' }) },
      schema: {
        tags,
        operationId: `getUser${suffix}`,
        summary: 'One user',
        description: 'A user whose home is this tenant; others are not there.',
        params: tenantAndIdParams(scope),
        response: {
          200: User,
          ...problems('request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    async (request) => {
      const { entered } = callerOf(request);
      const row = await deps.doors.withTenant(entered, (tx) =>
        loadUser(tx, request.params.id, deps.clock.now()),
      );
      if (!row) throw new Problem('resource.not_found', { detail: 'There is no such user in this tenant.' });
      return presentUser(deps, row);
    },
  );

  app.patch(
    `${at}/users/:id`,
    {
      config: { access: user({ permission: 'users:update' }) },
      schema: {
        tags,
        operationId: `updateUser${suffix}`,
        summary: 'Rename a user',
        description: "Changes the name, one's own too. The address is changed by its owner only.",
        params: tenantAndIdParams(scope),
        body: UpdateUser,
        response: {
          200: User,
          ...problems(
            'request.invalid',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'access.denied',
            'resource.not_found',
          ),
        },
      },
    },
    (request) => renameUser(deps, callerWith(request), request.params.id, request.body),
  );

  app.delete(
    `${at}/users/:id`,
    {
      config: { access: user({ permission: 'users:delete' }) },
      schema: {
        tags,
        operationId: `deleteUser${suffix}`,
        summary: 'Delete a user',
        description:
          'Ends the sessions, takes roles and memberships in all tenants away, and frees the address. What the user did stays on record. Not ' +
          'for oneself, nor for the last administrator, nor for somebody who governs what the caller does not.',
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
            'users.last_administrator',
          ),
        },
      },
    },
    async (request, reply) => {
      await deleteUser(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  userActsRoutes(app, scope);
  endSessionsRoutes(app, scope);
  done();
};
