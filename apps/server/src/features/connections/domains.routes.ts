import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  CreateTenantDomain,
  type ErrorCode,
  PageQuery,
  TenantDomain,
  UpdateTenantDomain,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, RECENT, user } from '../../platform/access/index.ts';
import { page, pageOf, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { addDomain, getDomain, removeDomain, updateDomain, verifyDomain } from './change-domain.ts';
import { domainOf } from './domain-challenge.ts';
import { listDomains } from './domains.repo.ts';

const tags = ['Connections'];
const ofChanging = [
  'request.invalid',
  'auth.unauthenticated',
  'access.denied',
  'resource.not_found',
  'auth.origin_refused',
  'auth.csrf_refused',
  'auth.insufficient_user_authentication',
] satisfies ErrorCode[];

/** The domains of a tenant: whose addresses its providers may vouch for, and where people of them are sent to sign in. */
export const domainsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/domains`,
    {
      config: { access: user({ permission: 'connections:read' }) },
      schema: {
        tags,
        operationId: `listDomains${suffix}`,
        summary: 'List domains',
        description: 'In the order in which they were added, each with the record that proves it.',
        params: tenantParams(scope),
        querystring: PageQuery(),
        response: pageOf(TenantDomain, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      return deps.doors.withTenant(entered, (tx) =>
        page({
          cursors: deps.cursors,
          list: ['domains', entered.tenantId],
          query: request.query,
          load: (position, limit) => listDomains(tx, position && String(position[0]), limit),
          position: (row) => [row.id],
          item: domainOf,
        }),
      );
    },
  );

  app.post(
    `${at}/domains`,
    {
      config: { access: user({ permission: 'connections:create', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `addDomain${suffix}`,
        summary: 'Add a domain',
        description: 'It counts once its record was found. Many may add a domain; one proves it.',
        params: tenantParams(scope),
        body: CreateTenantDomain,
        response: { 201: TenantDomain, ...problems(...ofChanging, 'domains.exists') },
      },
    },
    async (request, reply) =>
      reply.code(201).send(domainOf(await addDomain(deps, callerWith(request), request.body))),
  );

  app.get(
    `${at}/domains/:id`,
    {
      config: { access: user({ permission: 'connections:read' }) },
      schema: {
        tags,
        operationId: `getDomain${suffix}`,
        summary: 'One domain',
        description: 'With the record that proves it.',
        params: tenantAndIdParams(scope),
        response: {
          200: TenantDomain,
          ...problems('request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    (request) => getDomain(deps, callerOf(request).entered, request.params.id).then(domainOf),
  );

  app.post(
    `${at}/domains/:id/verify`,
    {
      config: { access: user({ permission: 'connections:update', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `verifyDomain${suffix}`,
        summary: 'Prove a domain',
        description:
          'Looks for the TXT record. From then on providers of this tenant vouch for addresses of the domain.',
        params: tenantAndIdParams(scope),
        response: { 200: TenantDomain, ...problems(...ofChanging, 'domains.not_proved', 'domains.in_use') },
      },
    },
    (request) => verifyDomain(deps, callerWith(request), request.params.id).then(domainOf),
  );

  app.patch(
    `${at}/domains/:id`,
    {
      config: { access: user({ permission: 'connections:update', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `updateDomain${suffix}`,
        summary: 'Send the people of a domain to a connection',
        description:
          'The sign-in page sends whoever enters an address of the domain there; with null it asks for the password.',
        params: tenantAndIdParams(scope),
        body: UpdateTenantDomain,
        response: { 200: TenantDomain, ...problems(...ofChanging) },
      },
    },
    (request) => updateDomain(deps, callerWith(request), request.params.id, request.body).then(domainOf),
  );

  app.delete(
    `${at}/domains/:id`,
    {
      config: { access: user({ permission: 'connections:delete', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `removeDomain${suffix}`,
        summary: 'Give a domain up',
        description:
          'Nobody becomes a user by an address of it any more; those who are stay, and so do their sessions.',
        params: tenantAndIdParams(scope),
        response: { 204: Type.Null({ description: 'Given up.' }), ...problems(...ofChanging) },
      },
    },
    async (request, reply) => {
      await removeDomain(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
  done();
};
