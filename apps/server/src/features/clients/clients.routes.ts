import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Client, CreateClient, PageQuery, sortBy, UpdateClient } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, user } from '../../platform/access/index.ts';
import { pageOf, Problem, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { addClient } from './add-client.ts';
import { activateClient, deleteClient, suspendClient, updateClient } from './change-client.ts';
import { clientOf } from './client-message.ts';
import { loadClient } from './clients.repo.ts';
import { listClientsPage } from './list-clients.ts';

const tags = ['Clients'];
const Query = PageQuery({
  status: Type.Optional(Type.String({ enum: ['active', 'suspended'] })),
  kind: Type.Optional(Type.String({ enum: ['web', 'spa', 'native'] })),
  sort: sortBy('name', 'createdAt'),
});
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.origin_refused', 'auth.csrf_refused'] as const;

/** The applications that people sign in to (spec S1, S5): each with its cookie namespace, its addresses and its token mode. */
export const clientsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/clients`,
    {
      config: { access: user({ permission: 'clients:read' }) },
      schema: {
        tags,
        operationId: `listClients${suffix}`,
        summary: 'List clients',
        description: "The tenant's own, by name unless `sort` says otherwise.",
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(Client, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => listClientsPage(deps, callerOf(request).entered, request.query),
  );

  app.post(
    `${at}/clients`,
    {
      config: { access: user({ permission: 'clients:create' }) },
      schema: {
        tags,
        operationId: `addClient${suffix}`,
        summary: 'Register a client',
        description:
          'Its `clientId` names its cookies and tokens and is unique over all tenants. Without a `tokenMode` a native client gets `bearer`, the others `cookie`. ' +
          'A client of the root tenant serves the users of every tenant, another one those of its own.',
        params: tenantParams(scope),
        body: CreateClient,
        response: { 201: Client, ...problems(...ofChanging, 'clients.client_id_in_use') },
      },
    },
    async (request, reply) =>
      reply.code(201).send(clientOf(await addClient(deps, callerWith(request), request.body))),
  );

  app.get(
    `${at}/clients/:id`,
    {
      config: { access: user({ permission: 'clients:read' }) },
      schema: {
        tags,
        operationId: `getClient${suffix}`,
        summary: 'One client',
        description: 'With its addresses and its token mode.',
        params: tenantAndIdParams(scope),
        response: { 200: Client, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const row = await deps.doors.withTenant(callerOf(request).entered, (tx) => loadClient(tx, id));
      if (!row)
        throw new Problem('resource.not_found', { detail: 'There is no such client in this tenant.' });
      return clientOf(row);
    },
  );

  app.patch(
    `${at}/clients/:id`,
    {
      config: { access: user({ permission: 'clients:update' }) },
      schema: {
        tags,
        operationId: `updateClient${suffix}`,
        summary: 'Change a client',
        description:
          'A list that is named replaces the list that was there; what is not named stays. It counts at once in the process that answers, and within five ' +
          'seconds in every other. The token mode and the cookie domain of the built-in console are fixed.',
        params: tenantAndIdParams(scope),
        body: UpdateClient,
        response: { 200: Client, ...problems(...ofChanging, 'clients.built_in') },
      },
    },
    (request) => updateClient(deps, callerWith(request), request.params.id, request.body).then(clientOf),
  );

  app.post(
    `${at}/clients/:id/suspend`,
    {
      config: { access: user({ permission: 'clients:suspend' }) },
      schema: {
        tags,
        operationId: `suspendClient${suffix}`,
        summary: 'Suspend a client',
        description:
          'Its sessions stop at their next request, and nobody signs in by it. Suspending a suspended client changes nothing.',
        params: tenantAndIdParams(scope),
        response: { 200: Client, ...problems(...ofChanging, 'clients.built_in') },
      },
    },
    (request) => suspendClient(deps, callerWith(request), request.params.id).then(clientOf),
  );

  app.post(
    `${at}/clients/:id/activate`,
    {
      config: { access: user({ permission: 'clients:suspend' }) },
      schema: {
        tags,
        operationId: `activateClient${suffix}`,
        summary: 'Let a suspended client in again',
        description: 'People can sign in by it again; sessions that the suspension ended stay ended.',
        params: tenantAndIdParams(scope),
        response: { 200: Client, ...problems(...ofChanging) },
      },
    },
    (request) => activateClient(deps, callerWith(request), request.params.id).then(clientOf),
  );

  app.delete(
    `${at}/clients/:id`,
    {
      config: { access: user({ permission: 'clients:delete' }) },
      schema: {
        tags,
        operationId: `deleteClient${suffix}`,
        summary: 'Delete a client',
        description:
          'For good: its sessions stop at their next request, and its `clientId` may be taken anew.',
        params: tenantAndIdParams(scope),
        response: {
          204: Type.Null({ description: 'Deleted.' }),
          ...problems(...ofChanging, 'clients.built_in'),
        },
      },
    },
    async (request, reply) => {
      await deleteClient(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
