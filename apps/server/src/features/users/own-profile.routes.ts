import { UpdateProfile, User } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { callerOf, enterOwn, user } from '../../platform/access/index.ts';
import { contextOf, problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { renameUser } from './rename-user.ts';

/** What one is called (spec U2); in the home, where the account is, whichever tenant the session works in. */
export const ownProfileRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.patch(
    '/account/profile',
    {
      config: { access: user() },
      schema: {
        tags: ['Account'],
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
      const { principal } = callerOf(request);
      const entered = enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });
      const caller = { principal, entered, request: contextOf(request) };
      return renameUser(deps, caller, principal.userId, request.body);
    },
  );
  done();
};
