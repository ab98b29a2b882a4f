import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  Connection,
  CreateConnection,
  type ErrorCode,
  PageQuery,
  UpdateConnection,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, RECENT, user } from '../../platform/access/index.ts';
import { page, pageOf, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { addConnection } from './add-connection.ts';
import {
  deleteConnection,
  disableConnection,
  enableConnection,
  unknownConnection,
  updateConnection,
} from './change-connection.ts';
import { connectionOf } from './connection-message.ts';
import { type ConnectionRow, listConnections, loadConnection } from './connections.repo.ts';

const tags = ['Connections'];
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
/** Changing takes a recent proof: whose provider is believed decides who comes in. */
const ofChanging = [
  ...ofReading,
  'auth.origin_refused',
  'auth.csrf_refused',
  'auth.insufficient_user_authentication',
  'connections.built_in',
] satisfies ErrorCode[];
const ofMapping = ['roles.unknown', 'roles.root_only', 'access.grant_exceeds_own'] satisfies ErrorCode[];

const ofMetadata = [
  'connections.metadata_refused',
  'connections.provider_unreachable',
  'service.unavailable',
] satisfies ErrorCode[];

/** The identity providers of a tenant (spec W9): connected, tried, put in service and taken out by its administrators. */
export const connectionsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  const shown = (row: ConnectionRow) => connectionOf(deps.config, row);

  app.get(
    `${at}/connections`,
    {
      config: { access: user({ permission: 'connections:read' }) },
      schema: {
        tags,
        operationId: `listConnections${suffix}`,
        summary: 'List identity providers',
        description: 'In the order in which they were connected. Secrets are never shown.',
        params: tenantParams(scope),
        querystring: PageQuery(),
        response: pageOf(Connection, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['connections', entered.tenantId],
          query: request.query,
          load: (position, limit) => listConnections(tx, position && String(position[0]), limit),
          position: (row) => [row.id],
          item: shown,
        }),
      );
    },
  );

  app.post(
    `${at}/connections`,
    {
      config: { access: user({ permission: 'connections:create', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `addConnection${suffix}`,
        summary: 'Connect an identity provider',
        description:
          'It starts disabled. Register its `redirectUri` with the provider, prove the domains of your people, then enable it. Mapping roles needs `roles:assign`, and each of the roles.',
        params: tenantParams(scope),
        body: CreateConnection,
        response: { 201: Connection, ...problems(...ofChanging, ...ofMapping, ...ofMetadata) },
      },
    },
    async (request, reply) =>
      reply.code(201).send(shown(await addConnection(deps, callerWith(request), request.body))),
  );

  app.get(
    `${at}/connections/:id`,
    {
      config: { access: user({ permission: 'connections:read' }) },
      schema: {
        tags,
        operationId: `getConnection${suffix}`,
        summary: 'One identity provider',
        description: 'With what has to be registered with it.',
        params: tenantAndIdParams(scope),
        response: { 200: Connection, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const row = await deps.doors.withTenant(callerOf(request).entered, (tx) => loadConnection(tx, id));
      if (!row) throw unknownConnection();
      return shown(row);
    },
  );

  app.patch(
    `${at}/connections/:id`,
    {
      config: { access: user({ permission: 'connections:update', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `updateConnection${suffix}`,
        summary: 'Change an identity provider',
        description:
          'What is not named stays, the secret too, except that another host gets no secret that was given to the one before. Another issuer, directory or ' +
          'client takes it out of service; a SAML certificate that is taken away ends the sessions that it opened. Its roles are given in your name from now on, so you must hold all of them.',
        params: tenantAndIdParams(scope),
        body: UpdateConnection,
        response: { 200: Connection, ...problems(...ofChanging, ...ofMapping, ...ofMetadata) },
      },
    },
    (request) => updateConnection(deps, callerWith(request), request.params.id, request.body).then(shown),
  );

  app.post(
    `${at}/connections/:id/enable`,
    {
      config: { access: user({ permission: 'connections:update', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `enableConnection${suffix}`,
        summary: 'Put an identity provider in service',
        description: 'Once it has answered as described.',
        params: tenantAndIdParams(scope),
        response: {
          200: Connection,
          ...problems(...ofChanging, 'connections.incomplete', 'connections.provider_unreachable'),
        },
      },
    },
    (request) => enableConnection(deps, callerWith(request), request.params.id).then(shown),
  );

  app.post(
    `${at}/connections/:id/disable`,
    {
      config: { access: user({ permission: 'connections:update', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `disableConnection${suffix}`,
        summary: 'Take an identity provider out of service',
        description: 'Nobody signs in by it from now on, and the sessions that it opened end.',
        params: tenantAndIdParams(scope),
        response: { 200: Connection, ...problems(...ofChanging) },
      },
    },
    (request) => disableConnection(deps, callerWith(request), request.params.id).then(shown),
  );

  app.delete(
    `${at}/connections/:id`,
    {
      config: { access: user({ permission: 'connections:delete', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `deleteConnection${suffix}`,
        summary: 'Disconnect an identity provider',
        description:
          'For good: its sessions end, and whoever came in by it alone has no way in until you give them another.',
        params: tenantAndIdParams(scope),
        response: { 204: Type.Null({ description: 'Disconnected.' }), ...problems(...ofChanging) },
      },
    },
    async (request, reply) => {
      await deleteConnection(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
