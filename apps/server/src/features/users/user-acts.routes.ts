import type { FastifyInstance } from 'fastify';
import { type ErrorCode, type Permission, User } from '@gatehouse/contracts';
import { RECENT, type StepUp, user } from '../../platform/access/index.ts';
import { problems } from '../../platform/http/index.ts';
import { callerWith, type Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { type TenantScoped, tenantAndIdParams } from '../tenant-scoped.ts';
import { activateUser } from './activate-user.ts';
import { resendLink } from './resend-link.ts';
import { resetUserFactors } from './reset-user-factors.ts';
import { suspendUser } from './suspend-user.ts';
import { unlockUser } from './unlock-user.ts';

interface UserAct {
  path: 'suspend' | 'activate' | 'unlock' | 'reset-factors' | 'resend-link';
  operationId: string;
  permission: Permission;
  summary: string;
  description: string;
  refusals: ErrorCode[];
  stepUp?: StepUp;
  run(deps: Deps, caller: Caller, id: string): Promise<User>;
}

const ACTS: UserAct[] = [
  {
    path: 'suspend',
    operationId: 'suspendUser',
    permission: 'users:suspend',
    summary: 'Suspend a user',
    description:
      'Ends all sessions and open links at once and keeps the user out until activated again. Not for the last administrator, nor for somebody ' +
      'who governs what the caller does not.',
    refusals: ['users.last_administrator'],
    run: suspendUser,
  },
  {
    path: 'activate',
    operationId: 'activateUser',
    permission: 'users:suspend',
    summary: 'Let a suspended user in again',
    description:
      'The user is active again, or invited where no password was ever set. Sessions that were ended stay ended.',
    refusals: [],
    run: activateUser,
  },
  {
    path: 'unlock',
    operationId: 'unlockUser',
    permission: 'users:unlock',
    summary: 'Lift the lock of failed sign-ins',
    description:
      'Forgets the failed attempts on the address and at second factors, from unknown browsers and from known ones. Not on one’s own account.',
    refusals: [],
    run: unlockUser,
  },
  {
    path: 'reset-factors',
    operationId: 'resetUserFactors',
    permission: 'users:reset_factors',
    summary: 'Remove all second factors of a user',
    description:
      'For somebody who has lost them: the next sign-in takes the password alone, or enrols where the tenant demands it. All sessions end, and the owner ' +
      'is told by mail. Not for oneself, nor for somebody who governs what the caller does not. The caller must have proved within ten minutes who they are.',
    refusals: ['auth.insufficient_user_authentication'],
    stepUp: RECENT,
    run: resetUserFactors,
  },
  {
    path: 'resend-link',
    operationId: 'resendUserLink',
    permission: 'users:create',
    summary: 'Mail the set-password link again',
    description:
      'For users who are still invited, ten times an hour at most. Links that were mailed before end.',
    refusals: ['users.not_invited', 'auth.sso_required', 'rate.limited'],
    run: resendLink,
  },
];

/** What is done to one user, all in the same form: POST without a body, answered with the user as it stands then. */
export function userActsRoutes(app: FastifyInstance, scope: TenantScoped): void {
  const { deps, at, suffix } = scope;
  for (const act of ACTS) {
    app.post<{ Params: { id: string } }>(
      `${at}/users/:id/${act.path}`,
      {
        config: {
          access: user({ permission: act.permission, ...(act.stepUp && { stepUp: act.stepUp }) }),
        },
        schema: {
          tags: ['Users'],
          operationId: `${act.operationId}${suffix}`,
          summary: act.summary,
          description: act.description,
          params: tenantAndIdParams(scope),
          response: {
            200: User,
            ...problems(
              'request.invalid',
              'auth.unauthenticated',
              'auth.csrf_refused',
              'access.denied',
              'resource.not_found',
              'users.self_forbidden',
              ...act.refusals,
            ),
          },
        },
      },
      (request) => act.run(deps, callerWith(request), request.params.id),
    );
  }
}
