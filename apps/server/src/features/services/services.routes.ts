import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  CreateService,
  Id,
  Message,
  NewService,
  NewServiceSecret,
  PageQuery,
  RotateServiceSecret,
  Service,
  ServiceCalls,
  UpdateService,
} from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, RECENT, user } from '../../platform/access/index.ts';
import { page, pageOf, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import { type TenantScoped, tenantAndIdParams, tenantParams } from '../tenant-scoped.ts';
import { addService } from './add-service.ts';
import {
  activateService,
  changeCalls,
  deleteService,
  getCalls,
  suspendService,
  unknownService,
  updateService,
} from './change-service.ts';
import { revokeServiceSecret, rotateServiceSecret } from './rotate-secret.ts';
import { presentServices } from './service-message.ts';
import { listServices, loadService } from './services.repo.ts';

const tags = ['Services'];
const Query = PageQuery({ namespace: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' })) });
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [...ofReading, 'auth.origin_refused', 'auth.csrf_refused'] as const;
const ofSecrets = [
  ...ofChanging,
  'auth.insufficient_user_authentication',
  'auth.person_required',
  'access.grant_exceeds_own',
] as const;

/** Services: who calls between machines, by tokens of five minutes (spec M2, R4). */
export const servicesRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;
  const shown = () => ({ publicUrl: deps.config.publicUrl, now: deps.clock.now() });

  app.get(
    `${at}/services`,
    {
      config: { access: user({ permission: 'clients:read' }) },
      schema: {
        tags,
        operationId: `listServices${suffix}`,
        summary: 'List services',
        description:
          'In the order in which they were registered, with their secrets that are good now; never a secret itself.',
        params: tenantParams(scope),
        querystring: Query,
        response: pageOf(Service, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => {
      const { entered } = callerOf(request);
      const { namespace } = request.query;
      return deps.doors.withTenant(entered, async (tx) => {
        const found = await page({
          cursors: deps.cursors,
          list: ['services', entered.tenantId, namespace ?? ''],
          query: request.query,
          load: (position, limit) =>
            listServices(tx, { namespace, after: position && String(position[0]), limit }),
          position: (row) => [row.id],
          item: (row) => row,
        });
        return { ...found, items: await presentServices(tx, found.items, shown()) };
      });
    },
  );

  app.post(
    `${at}/services`,
    {
      config: { access: user({ permission: 'clients:create', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `addService${suffix}`,
        summary: 'Register a service',
        description:
          'With its first secret, in this answer and nowhere else. It starts with no role and may call nobody; roles are given to its id. Its `clientId` is unique over all tenants, and its namespace never changes.',
        params: tenantParams(scope),
        body: CreateService,
        response: { 201: NewService, ...problems(...ofSecrets, 'clients.client_id_in_use') },
      },
    },
    async (request, reply) => reply.code(201).send(await addService(deps, callerWith(request), request.body)),
  );

  app.get(
    `${at}/services/:id`,
    {
      config: { access: user({ permission: 'clients:read' }) },
      schema: {
        tags,
        operationId: `getService${suffix}`,
        summary: 'One service',
        description: 'With its secrets that are good now; never a secret itself.',
        params: tenantAndIdParams(scope),
        response: { 200: Service, ...problems(...ofReading) },
      },
    },
    (request) =>
      deps.doors.withTenant(callerOf(request).entered, async (tx) => {
        const row = await loadService(tx, request.params.id);
        const [service] = row ? await presentServices(tx, [row], shown()) : [];
        if (!service) throw unknownService();
        return service;
      }),
  );

  app.patch(
    `${at}/services/:id`,
    {
      config: { access: user({ permission: 'clients:update' }) },
      schema: {
        tags,
        operationId: `updateService${suffix}`,
        summary: 'Rename a service',
        description: 'What people call it; its `clientId` and its namespace stay.',
        params: tenantAndIdParams(scope),
        body: UpdateService,
        response: { 200: Service, ...problems(...ofChanging) },
      },
    },
    (request) => updateService(deps, callerWith(request), request.params.id, request.body),
  );

  for (const [act, run, says] of [
    [
      'suspend',
      suspendService,
      'Its tokens and its keys are refused at once here, and within a second wherever the revocation log is followed; it gets no more.',
    ],
    ['activate', activateService, 'It gets tokens again; those from before its suspension stay refused.'],
  ] as const)
    app.post(
      `${at}/services/:id/${act}`,
      {
        config: { access: user({ permission: 'clients:suspend' }) },
        schema: {
          tags,
          operationId: `${act}Service${suffix}`,
          summary: act === 'suspend' ? 'Suspend a service' : 'Activate a suspended service',
          description: says,
          params: tenantAndIdParams(scope),
          response: { 200: Service, ...problems(...ofChanging) },
        },
      },
      (request) => run(deps, callerWith(request), request.params.id),
    );

  app.delete(
    `${at}/services/:id`,
    {
      config: { access: user({ permission: 'clients:delete' }) },
      schema: {
        tags,
        operationId: `deleteService${suffix}`,
        summary: 'Delete a service',
        description: 'With its secrets, its API keys, its roles and its place in the map of calls, for good.',
        params: tenantAndIdParams(scope),
        response: { 204: Type.Null({ description: 'Deleted.' }), ...problems(...ofChanging) },
      },
    },
    async (request, reply) => {
      await deleteService(deps, callerWith(request), request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    `${at}/services/:id/secrets`,
    {
      config: { access: user({ permission: 'clients:rotate', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `rotateServiceSecret${suffix}`,
        summary: 'Give a service another secret',
        description:
          'In this answer and nowhere else. The newest of those before stays good for `overlapMinutes` (a day unless said otherwise; 0 ends it at once); two are live at most.',
        params: tenantAndIdParams(scope),
        body: RotateServiceSecret,
        response: { 201: NewServiceSecret, ...problems(...ofSecrets) },
      },
    },
    async (request, reply) =>
      reply
        .code(201)
        .send(await rotateServiceSecret(deps, callerWith(request), request.params.id, request.body)),
  );

  app.delete(
    `${at}/services/:id/secrets/:secretId`,
    {
      config: { access: user({ permission: 'clients:rotate' }) },
      schema: {
        tags,
        operationId: `revokeServiceSecret${suffix}`,
        summary: 'End a secret of a service',
        description:
          'At once. Tokens that it got live for five minutes at most; suspend the service to end those, too.',
        params:
          at === '' ? Message({ id: Id, secretId: Id }) : Message({ tenantId: Id, id: Id, secretId: Id }),
        response: { 204: Type.Null({ description: 'Ended.' }), ...problems(...ofChanging) },
      },
    },
    async (request, reply) => {
      await revokeServiceSecret(deps, callerWith(request), request.params.id, request.params.secretId);
      return reply.code(204).send(null);
    },
  );

  app.get(
    `${at}/services/:id/calls`,
    {
      config: { access: user({ permission: 'clients:read' }) },
      schema: {
        tags,
        operationId: `getServiceCalls${suffix}`,
        summary: 'Whom a service may call',
        description: 'Its line of the map of allowed calls; all others are refused.',
        params: tenantAndIdParams(scope),
        response: { 200: ServiceCalls, ...problems(...ofReading) },
      },
    },
    (request) => getCalls(deps, callerWith(request), request.params.id),
  );

  app.put(
    `${at}/services/:id/calls`,
    {
      config: { access: user({ permission: 'clients:update', stepUp: RECENT }) },
      schema: {
        tags,
        operationId: `changeServiceCalls${suffix}`,
        summary: 'Say whom a service may call',
        description:
          'The whole list. It counts for tokens that are asked for from now on, and for decisions within a second.',
        params: tenantAndIdParams(scope),
        body: ServiceCalls,
        response: { 200: ServiceCalls, ...problems(...ofSecrets) },
      },
    },
    (request) => changeCalls(deps, callerWith(request), request.params.id, request.body),
  );
  done();
};
