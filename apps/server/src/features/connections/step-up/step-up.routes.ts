import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { BegunAtProvider, StepUpByConnection } from '@gatehouse/contracts';
import { user } from '../../../platform/access/index.ts';
import { problems } from '../../../platform/http/index.ts';
import type { SignedInPrincipal } from '../../auth/index.ts';
import type { Deps } from '../../deps.ts';
import { setSignInCookie } from '../sign-in-cookie.ts';
import { beginStepUp } from './begin-step-up.ts';

/** The step-up of whoever has neither password nor second factor (spec R8). */
export const stepUpByConnectionRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (
  app,
  { deps },
  done,
) => {
  app.post(
    '/auth/step-up/connection',
    {
      config: { access: user(), limit: 'connection' },
      schema: {
        tags: ['Sign-in'],
        operationId: 'stepUpByConnection',
        summary: 'Prove once more that it is me, by the provider that let me in',
        description:
          'The answer to `auth.insufficient_user_authentication` without `acr_values`. This browser, which keeps the cookie of the answer, goes to ' +
          '`authorizationUrl`: the provider is asked to have the person prove anew who they are (`max_age=0`, `ForceAuthn`), and must say when they did. ' +
          'It comes back to `returnTo` with `proved` in the fragment, and the session under a new id with that time; or with `not-proved`, which is the code of ' +
          'a problem, and the session as it was. `auth.not_proved_anew`: the provider does not say so, and no asking again will help.',
        body: StepUpByConnection,
        response: {
          200: BegunAtProvider,
          ...problems(
            'request.invalid',
            'rate.limited',
            'auth.unauthenticated',
            'auth.csrf_refused',
            'auth.insufficient_user_authentication',
            'auth.client_unknown',
            'auth.connection_disabled',
            'auth.not_proved_anew',
            'auth.provider_failed',
            'resource.not_found',
            'service.unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { returnTo } = request.body;
      const cookie = setSignInCookie(request, reply);
      const url = await beginStepUp(deps, request.principal as SignedInPrincipal, { returnTo, cookie });
      return { authorizationUrl: url.href };
    },
  );
  done();
};
