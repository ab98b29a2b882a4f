import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  Catalog,
  CatalogDocument,
  CatalogService,
  Id,
  Message,
  PERMISSION_GROUPS,
  ServiceName,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, either, user } from '../../platform/access/index.ts';
import { contextOf, Problem, problems } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import { type TenantScoped, tenantParams } from '../tenant-scoped.ts';
import { listServices, type ServiceRow } from './catalog.repo.ts';
import { registerService, removeService } from './register.ts';

const tags = ['Catalog'];
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.csrf_refused', 'catalog.permission_held'] as const;

const serviceOf = ({ updated_at, ...row }: ServiceRow): CatalogService => ({
  ...row,
  updatedAt: updated_at.toISOString(),
});

/** What roles can hold: what is built in, and what services have registered (spec R2). */
export const catalogRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  const params =
    at === '' ? Message({ service: ServiceName }) : Message({ tenantId: Id, service: ServiceName });

  app.get(
    `${at}/catalog`,
    {
      config: { access: either(user({ permission: 'catalog:read' }), user({ permission: 'roles:read' })) },
      schema: {
        tags,
        operationId: `getCatalog${suffix}`,
        summary: 'All that can be granted',
        description:
          'The permissions that roles of this tenant can hold: the built-in ones by group, and what services have registered, here or for every tenant.',
        params: tenantParams(scope),
        response: { 200: Catalog, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const { entered } = callerOf(request);
      const rows = await deps.doors.withTenant(entered, (tx) => listServices(tx));
      const groups = Object.entries(PERMISSION_GROUPS)
        .filter(([, { reach }]) => reach === 'tenant' || entered.tenantId === ROOT_TENANT)
        .map(([name, { title, permissions }]) => ({
          name,
          title,
          permissions: Object.entries(permissions).map(([of, description]) => ({ name: of, description })),
        }));
      return { groups, services: rows.map(serviceOf) };
    },
  );

  app.get(
    `${at}/catalog/services/:service`,
    {
      config: { access: either(user({ permission: 'catalog:read' }), user({ permission: 'roles:read' })) },
      schema: {
        tags,
        operationId: `getCatalogService${suffix}`,
        summary: 'What a service has registered',
        description: 'As it counts here: registered in this tenant, or for every tenant.',
        params,
        response: { 200: CatalogService, ...problems(...ofReading) },
      },
    },
    async (request) => {
      const { service } = request.params;
      const [row] = await deps.doors.withTenant(callerOf(request).entered, (tx) => listServices(tx, service));
      if (!row)
        throw new Problem('resource.not_found', {
          detail: 'No service of this name has registered anything.',
        });
      return serviceOf(row);
    },
  );

  app.put(
    `${at}/catalog/services/:service`,
    {
      config: { access: user({ permission: 'catalog:update' }) },
      schema: {
        tags,
        operationId: `registerService${suffix}`,
        summary: 'Register what a service knows',
        description:
          'All of it, in the place of what was registered before; the same document again changes nothing. Administrators hold what is registered, and nobody else does before a role holds it. In the root tenant it counts in every tenant. A permission that a role holds cannot be left out: 409 `catalog.permission_held`.',
        params,
        body: CatalogDocument,
        response: {
          200: CatalogService,
          201: CatalogService,
          ...problems(...ofChanging, 'catalog.service_taken'),
        },
      },
    },
    async (request, reply) => {
      const { principal, entered } = callerOf(request);
      const by = { actor: actorOf(principal), request: contextOf(request) };
      const { row, outcome } = await deps.doors.withTenant(entered, (tx) =>
        registerService(deps, tx, request.params.service, request.body, by),
      );
      return reply.code(outcome === 'registered' ? 201 : 200).send(serviceOf(row));
    },
  );

  app.delete(
    `${at}/catalog/services/:service`,
    {
      config: { access: user({ permission: 'catalog:update' }) },
      schema: {
        tags,
        operationId: `removeService${suffix}`,
        summary: 'Take a service out of the catalog',
        description: 'Once no role holds any of its permissions.',
        params,
        response: { 204: Type.Null({ description: 'Taken out.' }), ...problems(...ofChanging) },
      },
    },
    async (request, reply) => {
      const { principal, entered } = callerOf(request);
      const by = { actor: actorOf(principal), request: contextOf(request) };
      await deps.doors.withTenant(entered, (tx) => removeService(deps, tx, request.params.service, by));
      return reply.code(204).send(null);
    },
  );
  done();
};
