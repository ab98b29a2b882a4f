import {
  AddPasskeyRequest,
  FactorAdded,
  PasskeyCreationOptions,
  PasskeyRequestOptions,
} from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { RECENT, user } from '../../../platform/access/index.ts';
import { contextOf, problems } from '../../../platform/http/index.ts';
import type { Deps } from '../../deps.ts';
import type { SignedInPrincipal } from '../authenticate.ts';
import { ownerOf } from '../own-password.ts';
import { OF_STEP_UP } from '../route-shapes.ts';
import { addOwnFactor, beginOwnPasskey } from '../second-factor/own-factors.ts';
import { answerSignedIn } from '../signed-in-answer.ts';
import { confirmPasskey } from './add-passkey.ts';
import { askForPasskey } from './ask-for-passkey.ts';

const tags = ['Second factors'];

/** One's own passkeys (spec W13), and proving once more by one of them who one is (spec R8). */
export const ownPasskeysRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.post(
    '/auth/factors/passkey',
    {
      config: { access: user({ stepUp: RECENT }), limit: 'passkey' },
      schema: {
        tags,
        operationId: 'beginPasskey',
        summary: 'Begin to add a passkey',
        description:
          'What `navigator.credentials.create` is called with, good for five minutes in this session. The caller must have proved within ten minutes who they are.',
        response: {
          200: PasskeyCreationOptions,
          ...problems(...OF_STEP_UP, 'factors.passkeys_unavailable'),
        },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return beginOwnPasskey(deps, request.principal as SignedInPrincipal);
    },
  );

  app.post(
    '/auth/factors/passkey/confirm',
    {
      config: { access: user({ stepUp: RECENT }), limit: 'passkey' },
      schema: {
        tags,
        operationId: 'addPasskey',
        summary: 'Add a passkey',
        description:
          'With what the browser has made. From then on it signs in by itself, and is asked for after a password. The session goes on under a new id and counts ' +
          'as one with a second factor; the answer is like login’s. With the first factor come backup codes, which are never shown again. The owner is told by mail.',
        body: AddPasskeyRequest,
        response: {
          200: FactorAdded,
          ...problems(
            ...OF_STEP_UP,
            'factors.passkey_unusable',
            'factors.passkeys_unavailable',
            'factors.too_many',
            'auth.link_invalid',
            'auth.sign_in_refused',
          ),
        },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      const context = contextOf(request);
      const { opened, backupCodes } = await addOwnFactor(
        deps,
        principal,
        (owner) => confirmPasskey(deps, owner, request.body, principal.sessionId, context),
        context,
      );
      const answer = answerSignedIn(deps, reply, opened);
      return { ...answer, ...(backupCodes && { backup_codes: backupCodes }) };
    },
  );

  app.post(
    '/auth/step-up/passkey',
    {
      config: { access: user(), limit: 'passkey' },
      schema: {
        tags,
        operationId: 'askForPasskeyAgain',
        summary: 'Ask for a passkey once more',
        description:
          'What `navigator.credentials.get` is called with; what the passkey says goes to `/auth/step-up`.',
        response: {
          200: PasskeyRequestOptions,
          ...problems(...OF_STEP_UP, 'resource.not_found', 'factors.passkeys_unavailable'),
        },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      reply.header('cache-control', 'no-store');
      return askForPasskey(deps, ownerOf(principal), { at: 'session', by: principal.sessionId });
    },
  );
  done();
};
