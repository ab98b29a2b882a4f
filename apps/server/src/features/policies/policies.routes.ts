import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  CreatePolicy,
  PageQuery,
  Policy,
  PolicyCheck,
  PolicyDocument,
  PolicySummary,
  UpdatePolicy,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, RECENT, user } from '../../platform/access/index.ts';
import { page, pageOf, problems } from '../../platform/http/index.ts';
import { callerWith, personWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { checkDocument } from './check-document.ts';
import { changeDraft, draftPolicy, sourceOf } from './draft-policy.ts';
import { getPolicy } from './get-policy.ts';
import { listPolicies } from './policies.repo.ts';
import { policyOf, summaryOf } from './policy-message.ts';
import { deletePolicy } from './publish-policy.ts';

const tags = ['Policies'];
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.origin_refused', 'auth.csrf_refused'] as const;
/** Hundreds of rules with their tests. */
const bodyLimit = 380_000;

/** Policies as their authors write them (spec R4). What puts one into force is in `versions.routes.ts`. */
export const policiesRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/policies`,
    {
      config: { access: user({ permission: 'policies:read' }) },
      schema: {
        tags,
        operationId: `listPolicies${suffix}`,
        summary: 'List policies',
        description:
          'By name. Policies decide what services ask about (AuthZEN, SDKs); who may use Gatehouse itself is decided by roles alone, so that no policy locks anybody out of it.',
        params: tenantParams(scope),
        querystring: PageQuery(),
        response: pageOf(PolicySummary, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['policies', entered.tenantId],
          query: request.query,
          load: (position, limit) => listPolicies(tx, { after: position && String(position[0]), limit }),
          position: (row) => [row.name],
          item: summaryOf,
        }),
      );
    },
  );

  app.post(
    `${at}/policies`,
    {
      bodyLimit,
      config: { access: user({ permission: 'policies:create' }) },
      schema: {
        tags,
        operationId: `draftPolicy${suffix}`,
        summary: 'Draft a policy',
        description: 'A draft decides nothing, and may have faults; `check` tells them.',
        params: tenantParams(scope),
        body: CreatePolicy,
        response: { 201: Policy, ...problems(...ofChanging, 'policies.name_in_use', 'policies.too_many') },
      },
    },
    async (request, reply) =>
      reply.code(201).send(policyOf(await draftPolicy(deps, callerWith(request), request.body))),
  );

  app.post(
    `${at}/policies/check`,
    {
      bodyLimit,
      config: { access: user({ permission: 'policies:create' }) },
      schema: {
        tags,
        operationId: `checkPolicy${suffix}`,
        summary: 'Check a policy, and run its tests',
        description:
          'Of a document that need not be stored. Every fault against the catalog, with its line and column; where there are none, how each test is answered by it and the roles of the tenant, and why. Nothing is changed.',
        params: tenantParams(scope),
        body: PolicyDocument,
        response: { 200: PolicyCheck, ...problems(...ofChanging) },
      },
    },
    (request) =>
      deps.doors.withTenant(callerOf(request).entered, (tx) =>
        checkDocument(deps, tx, 'draft', sourceOf(request.body)),
      ),
  );

  app.get(
    `${at}/policies/:id`,
    {
      config: { access: user({ permission: 'policies:read' }) },
      schema: {
        tags,
        operationId: `getPolicy${suffix}`,
        summary: 'One policy',
        description: 'With its draft, and which versions are in force and in the shadow.',
        params: tenantAndIdParams(scope),
        response: { 200: Policy, ...problems(...ofReading) },
      },
    },
    (request) =>
      deps.doors.withTenant(callerOf(request).entered, async (tx) =>
        policyOf(await getPolicy(tx, request.params.id)),
      ),
  );

  app.patch(
    `${at}/policies/:id`,
    {
      bodyLimit,
      config: { access: user({ permission: 'policies:update' }) },
      schema: {
        tags,
        operationId: `changePolicy${suffix}`,
        summary: 'Change a draft',
        description:
          'What is not named stays; what is in force stays, too. `revision` is the one that was read: another one means that somebody else has changed it meanwhile.',
        params: tenantAndIdParams(scope),
        body: UpdatePolicy,
        response: { 200: Policy, ...problems(...ofChanging, 'policies.changed') },
      },
    },
    (request) => changeDraft(deps, callerWith(request), request.params.id, request.body).then(policyOf),
  );

  app.delete(
    `${at}/policies/:id`,
    {
      config: { access: user({ permission: 'policies:delete', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `deletePolicy${suffix}`,
        summary: 'Delete a policy',
        description: 'With all its versions. What was in force decides no more, at once.',
        params: tenantAndIdParams(scope),
        response: {
          204: Type.Null({ description: 'Deleted.' }),
          ...problems(...ofChanging, 'auth.insufficient_user_authentication', 'auth.person_required'),
        },
      },
    },
    async (request, reply) => {
      await deletePolicy(deps, personWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
