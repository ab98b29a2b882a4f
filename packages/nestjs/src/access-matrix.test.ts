import { Agent, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as onExpress from '@gatehouse/express';
import * as onFastify from '@gatehouse/fastify';
import { type AccessRule, createGatehouse, type Gatehouse } from '@gatehouse/sdk';
import {
  CALLERS,
  type Demand,
  expectedStatus,
  type GatehouseDouble,
  keyDouble,
  type MatrixCaller,
  mutationsOf,
  ROUTES,
  startGatehouseDouble,
  WAYS,
} from '@gatehouse/testing';
import { Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  GatehouseModule,
  Permissions,
  Public,
  Roles,
  Scopes,
  ServiceOnly,
  SignedIn,
  StepUp,
} from './index.ts';

const SECRET = 'an internal secret of thirty-two!';
let double: GatehouseDouble;
let shows: Record<MatrixCaller, Record<string, string>>;
/** How often a handler was reached. */
let reached = 0;
const handle = () => {
  reached += 1;
  return { ok: true };
};

interface Service {
  port: number;
  close(): Promise<unknown>;
}
const services: Record<string, (gatehouse: Gatehouse) => Promise<Service>> = {
  fastify: serveFastify,
  express: serveExpress,
  'nest on express': (gatehouse) => serveNest(gatehouse, new ExpressAdapter()),
  'nest on fastify': (gatehouse) => serveNest(gatehouse, new FastifyAdapter()),
};
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

beforeAll(async () => {
  double = await startGatehouseDouble();
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const manager = { roles: ['FINANCE_MANAGER'], scope: 'openid invoices:export', acr: '2' };
  const longAgo = Math.floor(Date.now() / 1000) - 3600;
  shows = {
    nobody: {},
    forged: bearer(double.token(manager, {}, { ...keyDouble('x'), kid: double.keys[0]!.kid })),
    ended: bearer(double.token({ ...manager, sid: 'ended' })),
    reader: bearer(double.token({ roles: ['customer_viewer'], acr: '2' })),
    manager: bearer(double.token(manager)),
    'manager, long ago': bearer(double.token({ ...manager, auth_time: longAgo })),
    service: bearer(double.serviceToken('urn:matrix', { roles: ['SUPPORT_AGENT'] })),
    'service of another audience': bearer(double.serviceToken(double.issuer, { roles: ['admin'] })),
    secret: { 'x-internal-token': SECRET },
    'wrong secret': { 'x-internal-token': `${SECRET}!` },
  };
  double.revoke({ sid: 'ended' });
});
afterAll(async () => {
  agent.destroy();
  await double.close();
});

describe.each(Object.keys(services))('on %s', (framework) => {
  let service: Service;
  let strict: Service;
  beforeAll(async () => {
    const serve = services[framework]!;
    const make = (undeclared: 'signed-in' | 'deny') =>
      createGatehouse({
        issuer: double.issuer,
        tenants: 'all',
        credentials: () => 'own',
        audience: 'urn:matrix',
        internalTokens: [SECRET],
        undeclared,
      });
    [service, strict] = await Promise.all([serve(make('signed-in')), serve(make('deny'))]);
  });
  afterAll(() => Promise.all([service.close(), strict.close()]));

  it('each route answers each caller as the matrix says', async () => {
    const wrong: string[] = [];
    for (const route of ROUTES) {
      for (const caller of CALLERS) {
        const expected = expectedStatus(route, caller);
        for (const [method, path] of [
          ['GET', `/area/${route.name}`],
          ['HEAD', `/area/${route.name}`],
          ['POST', `/area/${route.name}`],
          ['GET', `/area/${route.name}/7`],
        ] as const) {
          const before = reached;
          const { status, headers } = await send(service, method, path, shows[caller]);
          // Nest answers a POST with 201.
          const isRight = expected === 200 ? [200, 201].includes(status) : status === expected;
          const isChallenged = (expected === 401) === 'www-authenticate' in headers || expected === 403;
          if (!isRight || !isChallenged || reached - before !== (expected === 200 ? 1 : 0))
            wrong.push(`${method} ${path} as ${caller}: ${status}, not ${expected}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('a route that says nothing is closed to everybody where the service says so', async () => {
    const before = reached;
    expect((await send(strict, 'GET', '/area/undeclared', shows.manager)).status).toBe(403);
    expect((await send(strict, 'GET', '/area/undeclared', {})).status).toBe(401);
    expect(reached).toBe(before);
    expect((await send(strict, 'GET', '/area/inside', shows.manager)).status).toBe(200);
    expect((await send(strict, 'GET', '/area/public', {})).status).toBe(200);
  });

  it('no spelling of a path and no method leads to a handler past its rule [threat 75] [threat 76]', async () => {
    const before = reached;
    const tries: Promise<string[]>[] = [];
    for (const route of ROUTES) {
      const refused = (['nobody', 'reader', 'wrong secret'] as const).filter(
        (each) => !route.lets.includes(each),
      );
      for (const caller of refused)
        for (const path of [`/area/${route.name}`, `/area/${route.name}/7`].flatMap(mutationsOf))
          for (const { method, headers } of WAYS)
            tries.push(
              send(service, method, path, { ...shows[caller], ...headers }).then(({ status }) =>
                [400, 401, 403, 404].includes(status) ? [] : [`${method} ${path} as ${caller}: ${status}`],
              ),
            );
    }
    expect((await Promise.all(tries)).flat()).toEqual([]);
    expect(tries.length).toBeGreaterThan(5000);
    expect(reached).toBe(before);
  });

  it('answers a refusal with problem details that nobody keeps', async () => {
    const { status, headers, body } = await send(service, 'GET', '/area/permissions', shows.reader);
    expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({
      status: 403,
      type: 'application/problem+json; charset=utf-8',
      cache: 'no-store',
    });
    expect(headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="invoices:void"');
    expect(JSON.parse(body)).toMatchObject({
      code: 'access.denied',
      status: 403,
      missingPermission: 'invoices:void',
    });
  });
});

function send(to: Service, method: string, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const outgoing = sendRequest(
        { port: to.port, host: '127.0.0.1', method, path, headers, agent },
        (answer) => {
          let body = '';
          answer.setEncoding('utf8').on('data', (text: string) => (body += text));
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
        },
      );
      outgoing.on('error', reject).end();
    },
  );
}

function ruleOf(demand: Demand): AccessRule {
  switch (demand.say) {
    case 'public':
      return onFastify.publicAccess();
    case 'signedIn':
      return onFastify.signedIn();
    case 'serviceOnly':
      return onFastify.serviceOnly();
    case 'stepUp':
      return onFastify.stepUp({ maxAge: demand.maxAge, acr: demand.acr });
    default:
      return { roles: onFastify.roles, permissions: onFastify.permissions, scopes: onFastify.scopes }[
        demand.say
      ](...demand.names);
  }
}

async function serveFastify(gatehouse: Gatehouse): Promise<Service> {
  const app = fastify();
  await app.register(onFastify.gatehousePlugin, { gatehouse });
  for (const { name, outer, own } of ROUTES) {
    await app.register((scope, _options, done) => {
      if (outer) onFastify.narrow(scope, ...outer.map(ruleOf));
      const config = own ? { allow: own.map(ruleOf) } : {};
      scope.get(`/area/${name}`, { config }, handle);
      scope.post(`/area/${name}`, { config }, handle);
      scope.get(`/area/${name}/:id`, { config }, handle);
      done();
    });
  }
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

async function serveExpress(gatehouse: Gatehouse): Promise<Service> {
  const app = express();
  const allow = onExpress.allowWith(gatehouse);
  const answer: express.RequestHandler = (_request, response) => void response.json(handle());
  onExpress.guard(app, gatehouse);
  for (const [at, { name, outer, own }] of ROUTES.entries()) {
    const router = express.Router();
    if (outer) router.use(allow(...outer.map(ruleOf)));
    const declared = own ? [allow(...own.map(ruleOf))] : [];
    router.get('/', ...declared, answer);
    router.route('/').post(...declared, answer);
    router.get('/:id', ...declared, answer);
    // Every second one is in an app that is in a router.
    app.use(`/area/${name}`, at % 2 === 0 ? router : express.Router().use(express().use(router)));
  }
  await gatehouse.start();
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => Promise.all([gatehouse.close(), new Promise((resolve) => server.close(resolve))]),
  };
}

function decoratorOf(demand: Demand): ClassDecorator & MethodDecorator {
  switch (demand.say) {
    case 'public':
      return Public();
    case 'signedIn':
      return SignedIn();
    case 'serviceOnly':
      return ServiceOnly();
    case 'stepUp':
      return StepUp({ maxAge: demand.maxAge, acr: demand.acr });
    default:
      return { roles: Roles, permissions: Permissions, scopes: Scopes }[demand.say](...demand.names);
  }
}

async function serveNest(gatehouse: Gatehouse, adapter: ExpressAdapter | FastifyAdapter): Promise<Service> {
  const controllers = ROUTES.map(({ name, outer = [], own = [] }) => {
    class Area {
      read() {
        return handle();
      }
      add() {
        return handle();
      }
      one() {
        return handle();
      }
    }
    // What decorators do, without the compiler option that they need.
    for (const [method, route] of [
      ['read', Get()],
      ['add', Post()],
      ['one', Get(':id')],
    ] as const) {
      const descriptor = Object.getOwnPropertyDescriptor(Area.prototype, method)!;
      for (const decorate of [route, ...own.map(decoratorOf)]) decorate(Area.prototype, method, descriptor);
    }
    for (const decorate of [Controller(`area/${name}`), ...outer.map(decoratorOf)]) decorate(Area);
    return Area;
  });
  class Root {
    readonly isRoot = true;
  }
  const root = { module: Root, imports: [GatehouseModule.forRoot({ gatehouse })], controllers };
  const app: INestApplication = await NestFactory.create(root, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { port: (app.getHttpServer().address() as AddressInfo).port, close: () => app.close() };
}
