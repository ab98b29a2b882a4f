import {
  BackupCodes,
  ConfirmTotpRequest,
  Factor,
  FactorAdded,
  Id,
  Message,
  NewTotp,
  OwnFactors,
  RenameFactorRequest,
  SignInResponse,
  StepUpRequest,
} from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { enterOwn, RECENT, user } from '../../../platform/access/index.ts';
import { contextOf, problems } from '../../../platform/http/index.ts';
import { actorOf } from '../../audit/index.ts';
import type { Deps } from '../../deps.ts';
import type { SignedInPrincipal } from '../authenticate.ts';
import { NoContent, OF_PRESENT_PASSWORD, OF_SESSION, OF_STEP_UP } from '../route-shapes.ts';
import { answerSignedIn } from '../signed-in-answer.ts';
import { confirmTotp } from './add-totp.ts';
import {
  addOwnFactor,
  beginOwnTotp,
  listOwnFactors,
  removeOwnFactor,
  renameOwnFactor,
  renewBackupCodes,
} from './own-factors.ts';
import { forgetOwnDevices } from './remembered-devices.ts';
import { stepUp } from './step-up.ts';

const tags = ['Second factors'];
/** Taking away: by a second factor, whatever else was proved (threat 41). */
const SECOND = { ...RECENT, acr: '2' } as const;

/** One's own second factors (spec W3 to W5), and proving once more who one is (spec R8). */
export const factorsRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/auth/factors',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'listMyFactors',
        summary: 'My second factors',
        description: 'What the account can prove besides its first factor. The secrets leave nowhere.',
        response: { 200: OwnFactors, ...problems('auth.unauthenticated') },
      },
    },
    (request) => listOwnFactors(deps, request.principal as SignedInPrincipal),
  );

  app.post(
    '/auth/factors/totp',
    {
      config: { access: user({ stepUp: RECENT }), limit: 'mfa' },
      schema: {
        tags,
        operationId: 'beginTotp',
        summary: 'Begin to add an authenticator app',
        description:
          'A new secret, as QR code and text. It becomes a factor when a code of it comes back, within a quarter of an hour. The caller must have proved ' +
          'within ten minutes who they are.',
        response: { 200: NewTotp, ...problems(...OF_STEP_UP, 'factors.off') },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return beginOwnTotp(deps, request.principal as SignedInPrincipal);
    },
  );

  app.post(
    '/auth/factors/totp/confirm',
    {
      config: { access: user({ stepUp: RECENT }), limit: 'mfa' },
      schema: {
        tags,
        operationId: 'confirmTotp',
        summary: 'Add an authenticator app',
        description:
          'With a first code of the new secret. The session goes on under a new id and counts as one with a second factor; the answer is like login’s. With ' +
          'the first factor come backup codes, which are never shown again. Remembered browsers are forgotten. The owner is told by mail.',
        body: ConfirmTotpRequest,
        response: {
          200: FactorAdded,
          ...problems(
            ...OF_STEP_UP,
            'factors.code_wrong',
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
        (owner) => confirmTotp(deps, owner, request.body, context),
        context,
      );
      const answer = answerSignedIn(deps, reply, opened);
      return { ...answer, ...(backupCodes && { backup_codes: backupCodes }) };
    },
  );

  app.post(
    '/auth/factors/:id/rename',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'renameFactor',
        summary: 'Give one of my second factors another name',
        description: 'Or none, by `null`. Only its owner ever sees the name.',
        params: Message({ id: Id }),
        body: RenameFactorRequest,
        response: { 200: Factor, ...problems(...OF_SESSION, 'request.invalid', 'resource.not_found') },
      },
    },
    (request) => {
      const renamed = { id: request.params.id, label: request.body.label };
      return renameOwnFactor(deps, request.principal as SignedInPrincipal, renamed, contextOf(request));
    },
  );

  app.delete(
    '/auth/factors/:id',
    {
      config: { access: user({ stepUp: SECOND }) },
      schema: {
        tags,
        operationId: 'removeFactor',
        summary: 'Remove one of my second factors',
        description:
          'The caller must have proved a second factor within ten minutes. With the last one go the backup codes; where the home tenant demands one, it stays. ' +
          'Remembered browsers are forgotten. The owner is told by mail.',
        params: Message({ id: Id }),
        response: {
          204: NoContent,
          ...problems(...OF_STEP_UP, 'resource.not_found', 'factors.last', 'users.last_way_in'),
        },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      await removeOwnFactor(deps, principal, request.params.id, contextOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/auth/factors/backup-codes',
    {
      config: { access: user({ stepUp: SECOND }), limit: 'mfa' },
      schema: {
        tags,
        operationId: 'renewBackupCodes',
        summary: 'New backup codes',
        description:
          'Ten, never shown again; those before are worth nothing. The caller must have proved a second factor within ten minutes. The owner is told by mail.',
        response: { 200: BackupCodes, ...problems(...OF_STEP_UP, 'resource.not_found') },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const principal = request.principal as SignedInPrincipal;
      return { backup_codes: await renewBackupCodes(deps, principal, contextOf(request)) };
    },
  );

  app.delete(
    '/auth/remembered-devices',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'forgetMyDevices',
        summary: 'Forget the browsers that are asked for no second factor',
        description: 'All of them, this one too: each is asked at its next sign-in.',
        response: { 204: NoContent, ...problems(...OF_SESSION) },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      const { userId, homeTenantId: tenantId } = principal;
      const of = { userId, actor: actorOf(principal) };
      await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), (tx) =>
        forgetOwnDevices(deps, tx, of, contextOf(request)),
      );
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/auth/step-up',
    {
      config: { access: user(), limit: 'mfa' },
      schema: {
        tags,
        operationId: 'stepUp',
        summary: 'Prove once more that it is me',
        description:
          'The answer to `auth.insufficient_user_authentication` (RFC 9470): one proof of a second factor, or the password where the account has none. The ' +
          'session goes on under a new id and gets new tokens, like login, with the time of this proof in `auth_time`; it ends when it would have ended. Then ' +
          'ask again what was refused. Five wrong ones lock this for thirty minutes, in all sessions of the account.',
        body: StepUpRequest,
        response: {
          200: SignInResponse,
          ...problems(
            ...OF_STEP_UP,
            ...OF_PRESENT_PASSWORD,
            'factors.code_wrong',
            'factors.passkey_failed',
            'auth.sign_in_refused',
            'auth.busy',
          ),
        },
      },
    },
    async (request, reply) => {
      const principal = request.principal as SignedInPrincipal;
      return answerSignedIn(deps, reply, await stepUp(deps, principal, request.body, contextOf(request)));
    },
  );
  done();
};
