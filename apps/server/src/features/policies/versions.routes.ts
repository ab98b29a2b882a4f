import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  Id,
  Message,
  PageQuery,
  PlacePolicyVersion,
  Policy,
  PolicyVersion,
  PolicyVersionSummary,
  PublishPolicy,
  WithdrawPolicy,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, RECENT, user } from '../../platform/access/index.ts';
import { page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import { personWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams } from '../tenant-scoped.ts';
import { getPolicy } from './get-policy.ts';
import { documentOf, listVersions, loadVersion } from './policies.repo.ts';
import { policyOf } from './policy-message.ts';
import { placeVersion, publishPolicy, withdrawPolicy } from './publish-policy.ts';

const tags = ['Policies'];
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [
  ...ofReading,
  'auth.origin_refused',
  'auth.csrf_refused',
  'auth.insufficient_user_authentication',
  'auth.person_required',
] as const;
const ofPublishing = [
  ...ofChanging,
  'policies.faulty',
  'policies.untested',
  'policies.tests_failed',
  'policies.too_costly',
] as const;

/** Versions of policies, and which of them decide (spec R4). */
export const policyVersionsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  const Versioned = Type.String({ maxLength: 40, description: 'Its number.', examples: ['1'] });
  const versionParams =
    at === ''
      ? Message({ id: Id, version: Versioned })
      : Message({ tenantId: Id, id: Id, version: Versioned });

  app.get(
    `${at}/policies/:id/versions`,
    {
      config: { access: user({ permission: 'policies:read' }) },
      schema: {
        tags,
        operationId: `listPolicyVersions${suffix}`,
        summary: 'The versions of a policy',
        description: 'Newest first. None of them ever changes.',
        params: tenantAndIdParams(scope),
        querystring: PageQuery(),
        response: pageOf(PolicyVersionSummary, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { id } = request.params;
      return deps.doors.withTenant(entered, async (tx) => {
        await getPolicy(tx, id);
        return page({
          cursors: deps.cursors,
          list: ['policy-versions', entered.tenantId, id],
          query: request.query,
          load: (position, limit) => listVersions(tx, id, { before: position && Number(position[0]), limit }),
          position: (row) => [row.version],
          item: (row) => ({
            version: row.version,
            publishedBy: row.published_by,
            createdAt: row.created_at.toISOString(),
          }),
        });
      });
    },
  );

  app.get(
    `${at}/policies/:id/versions/:version`,
    {
      config: { access: user({ permission: 'policies:read' }) },
      schema: {
        tags,
        operationId: `getPolicyVersion${suffix}`,
        summary: 'One version of a policy',
        description: 'With its rules and the tests that it passed.',
        params: versionParams,
        response: { 200: PolicyVersion, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const { id, version } = request.params as { id: string; version: string };
      // What is no number of a version names none.
      const number = /^[1-9][0-9]{0,8}$/.test(version) ? Number(version) : 0;
      const row = await deps.doors.withTenant(callerOf(request).entered, (tx) => loadVersion(tx, id, number));
      if (!row)
        throw new Problem('resource.not_found', { detail: 'There is no such version in this tenant.' });
      return {
        version: row.version,
        publishedBy: row.published_by,
        createdAt: row.created_at.toISOString(),
        ...(documentOf(row.document) as unknown as Pick<PolicyVersion, 'rules' | 'tests'>),
      };
    },
  );

  app.post(
    `${at}/policies/:id/publish`,
    {
      config: { access: user({ permission: 'policies:publish', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `publishPolicy${suffix}`,
        summary: 'Publish a draft',
        description:
          'Makes a version of it and puts that into force, or into the shadow. Refused while it has faults, has no tests, or one of them is not answered as expected: `errors` names them. Services decide by it within a second.',
        params: tenantAndIdParams(scope),
        body: PublishPolicy,
        response: { 200: Policy, ...problems(...ofPublishing, 'policies.changed') },
      },
    },
    (request) => publishPolicy(deps, personWith(request), request.params.id, request.body).then(policyOf),
  );

  app.post(
    `${at}/policies/:id/place`,
    {
      config: { access: user({ permission: 'policies:publish', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `placePolicyVersion${suffix}`,
        summary: 'Put a version back into force, or into the shadow',
        description: 'It is judged anew, as the catalog may have changed since.',
        params: tenantAndIdParams(scope),
        body: PlacePolicyVersion,
        response: { 200: Policy, ...problems(...ofPublishing) },
      },
    },
    (request) => placeVersion(deps, personWith(request), request.params.id, request.body).then(policyOf),
  );

  app.post(
    `${at}/policies/:id/withdraw`,
    {
      config: { access: user({ permission: 'policies:delete', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `withdrawPolicy${suffix}`,
        summary: 'Withdraw a policy',
        description: 'From where it decides, or from the shadow. Its versions stay, to be put back.',
        params: tenantAndIdParams(scope),
        body: WithdrawPolicy,
        response: { 200: Policy, ...problems(...ofChanging) },
      },
    },
    (request) => withdrawPolicy(deps, personWith(request), request.params.id, request.body).then(policyOf),
  );
  done();
};
