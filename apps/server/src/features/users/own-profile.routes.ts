import { UpdateProfile, User } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { enterOwn, personOf, user } from '../../platform/access/index.ts';
import { contextOf, Problem, problems } from '../../platform/http/index.ts';
import type { Person } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { presentUser } from './present-users.ts';
import { renameUser } from './rename-user.ts';
import { loadUser } from './users.repo.ts';

const tags = ['Account'];

/** In the home, where the account is, whichever tenant the session works in. */
function callerAtHome(request: FastifyRequest): Person {
  const { principal } = personOf(request);
  const entered = enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });
  return { principal, entered, request: contextOf(request) };
}

/** One's own account (spec U2): how it is listed at home, and what one is called. */
export const ownProfileRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/account/profile',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'getOwnProfile',
        summary: 'My account',
        description:
          'As administrators of the home tenant see it in their list, with the roles there. What holds in the session is told by `GET /auth/me`.',
        response: { 200: User, ...problems('auth.unauthenticated', 'resource.not_found') },
      },
    },
    async (request) => {
      const { principal, entered } = callerAtHome(request);
      const row = await deps.doors.withTenant(entered, (tx) =>
        loadUser(tx, principal.userId, deps.clock.now()),
      );
      if (!row) throw new Problem('resource.not_found', { detail: 'This account is gone.' });
      return presentUser(deps, row);
    },
  );

  app.patch(
    '/account/profile',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'updateOwnProfile',
        summary: 'Change my name',
        description: 'The name that colleagues and mails call the account by. The change is on record.',
        body: UpdateProfile,
        response: {
          200: User,
          ...problems('request.invalid', 'auth.unauthenticated', 'auth.csrf_refused', 'resource.not_found'),
        },
      },
    },
    (request) => {
      const caller = callerAtHome(request);
      return renameUser(deps, caller, caller.principal.userId, request.body);
    },
  );
  done();
};
