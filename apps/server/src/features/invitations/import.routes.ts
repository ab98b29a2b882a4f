import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  CheckInvitationImport,
  ImportInvitations,
  InvitationImport,
  InvitationImportCheck,
  InvitationImportProgress,
} from '@gatehouse/contracts';
import { callerOf, user } from '../../platform/access/index.ts';
import { Problem, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { checkImport, importInvitations } from './import-invitations.ts';
import { countImport } from './invitations.repo.ts';

const tags = ['Invitations'];
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.origin_refused', 'auth.csrf_refused'] as const;
const access = user({ permission: 'invitations:create' });

/** Inviting many at once, by a file (spec W12). */
export const invitationImportRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.post(
    `${at}/invitations/imports/check`,
    {
      config: { access },
      schema: {
        tags,
        operationId: `checkInvitationImport${suffix}`,
        summary: 'Look through a file of invitations',
        description: 'Says what is wrong, by line and column. Nothing is sent and nothing is kept.',
        params: tenantParams(scope),
        body: CheckInvitationImport,
        response: { 200: InvitationImportCheck, ...problems(...ofChanging) },
      },
    },
    (request) => checkImport(deps, callerWith(request), request.body.csv),
  );

  app.post(
    `${at}/invitations/imports`,
    {
      config: { access },
      schema: {
        tags,
        operationId: `importInvitations${suffix}`,
        summary: 'Invite everybody in a file',
        description:
          'All of its lines or the good ones, in one act and judged anew. Mails leave one after the other; how far they are, the import says.',
        params: tenantParams(scope),
        body: ImportInvitations,
        response: {
          201: InvitationImport,
          ...problems(...ofChanging, 'invitations.import_faulty', 'access.grant_exceeds_own', 'rate.limited'),
        },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await importInvitations(deps, callerWith(request), request.body)),
  );

  app.get(
    `${at}/invitations/imports/:id`,
    {
      config: { access: user({ permission: 'invitations:read' }) },
      schema: {
        tags,
        operationId: `getInvitationImport${suffix}`,
        summary: 'How far an import is',
        description: 'Its invitations are listed by `GET /invitations?importId=`.',
        params: tenantAndIdParams(scope),
        response: { 200: InvitationImportProgress, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const { id: importId } = request.params;
      const counted = await deps.doors.withTenant(callerOf(request).entered, (tx) =>
        countImport(tx, importId, deps.clock.now()),
      );
      if (counted.invited === 0)
        throw new Problem('resource.not_found', { detail: 'There is no such import in this tenant.' });
      return { importId, ...counted };
    },
  );
  done();
};
