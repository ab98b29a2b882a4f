import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { ApiKey, CreateApiKey, Id, NewApiKey, PageQuery, UpdateApiKey } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, RECENT, user } from '../../platform/access/index.ts';
import { page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import { callerWith, personWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { apiKeyOf } from './api-key-message.ts';
import { listApiKeys, loadApiKey } from './api-keys.repo.ts';
import { revokeApiKey, rotateApiKey, updateApiKey } from './change-api-key.ts';
import { createApiKey } from './create-api-key.ts';

const tags = ['API keys'];
const DAY_MS = 86_400_000;
const Query = PageQuery({
  ownerId: Type.Optional({ ...Id, description: 'Of one owner: the id of a membership or a service.' }),
  idleDays: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 3650,
      description: 'Only keys that were neither made nor used in so many days.',
    }),
  ),
});
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofRevoking = [...ofReading, 'auth.origin_refused', 'auth.csrf_refused'] as const;
const ofHolding = [
  ...ofRevoking,
  'auth.insufficient_user_authentication',
  'auth.person_required',
  'access.grant_exceeds_own',
] as const;

/** API keys of scripts (spec M4): made, seen by prefix and last four characters, regenerated, revoked. */
export const apiKeysRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/api-keys`,
    {
      config: { access: user({ permission: 'api_keys:read' }) },
      schema: {
        tags,
        operationId: `listApiKeys${suffix}`,
        summary: 'List API keys',
        description:
          'In the order in which they were made, by prefix and last four characters. `idleDays` finds those that nobody would miss.',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(ApiKey, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { ownerId, idleDays } = request.query;
      const idleSince =
        idleDays === undefined ? undefined : new Date(deps.clock.now().getTime() - idleDays * DAY_MS);
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['api keys', entered.tenantId, ownerId ?? '', String(idleDays ?? '')],
          query: request.query,
          load: (position, limit) =>
            listApiKeys(tx, { ownerId, idleSince }, { after: position && String(position[0]), limit }),
          position: (row) => [row.id],
          item: apiKeyOf,
        }),
      );
    },
  );

  app.post(
    `${at}/api-keys`,
    {
      config: { access: user({ permission: 'api_keys:create', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `createApiKey${suffix}`,
        summary: 'Make an API key',
        description:
          'The answer holds the key, this once: only its SHA-256 is kept. Without `serviceId` it acts in the name of the caller, within the scopes, and never beyond what the owner holds at the moment of its use. Without scopes it opens nothing. Nobody can name a scope that they do not hold.',
        params: tenantParams(scope),
        body: CreateApiKey,
        response: { 201: NewApiKey, ...problems(...ofHolding, 'api_keys.elsewhere') },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await createApiKey(deps, personWith(request), request.body)),
  );

  app.get(
    `${at}/api-keys/:id`,
    {
      config: { access: user({ permission: 'api_keys:read' }) },
      schema: {
        tags,
        operationId: `getApiKey${suffix}`,
        summary: 'One API key',
        description: 'With its scopes, where it may be used from, and when it was used last.',
        params: tenantAndIdParams(scope),
        response: { 200: ApiKey, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const row = await deps.doors.withTenant(callerOf(request).entered, (tx) => loadApiKey(tx, id));
      if (!row)
        throw new Problem('resource.not_found', { detail: 'There is no such API key in this tenant.' });
      return apiKeyOf(row);
    },
  );

  app.patch(
    `${at}/api-keys/:id`,
    {
      config: { access: user({ permission: 'api_keys:create', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `updateApiKey${suffix}`,
        summary: 'Change an API key',
        description:
          'Its name, its addresses and its end; a list that is named replaces the one that was there. Its owner and its scopes never change: make another key for others.',
        params: tenantAndIdParams(scope),
        body: UpdateApiKey,
        response: { 200: ApiKey, ...problems(...ofHolding, 'api_keys.not_own') },
      },
    },
    (request) => updateApiKey(deps, callerWith(request), request.params.id, request.body),
  );

  app.post(
    `${at}/api-keys/:id/rotate`,
    {
      config: { access: user({ permission: 'api_keys:rotate', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `rotateApiKey${suffix}`,
        summary: 'Regenerate an API key',
        description:
          'Another key under the same id and scopes, in this answer and nowhere else. The one before is refused everywhere when this is answered, which takes half a second.',
        params: tenantAndIdParams(scope),
        response: { 200: NewApiKey, ...problems(...ofHolding, 'api_keys.not_own') },
      },
    },
    (request) => rotateApiKey(deps, callerWith(request), request.params.id),
  );

  app.delete(
    `${at}/api-keys/:id`,
    {
      config: { access: user({ permission: 'api_keys:revoke' }) },
      schema: {
        tags,
        operationId: `revokeApiKey${suffix}`,
        summary: 'Revoke an API key',
        description: 'It is refused everywhere when this is answered, which takes half a second.',
        params: tenantAndIdParams(scope),
        response: {
          204: Type.Null({ description: 'Revoked.' }),
          ...problems(...ofRevoking),
        },
      },
    },
    async (request, reply) => {
      await revokeApiKey(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
