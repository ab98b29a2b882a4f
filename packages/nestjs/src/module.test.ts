import { type GatehouseDouble, startGatehouseDouble } from '@gatehouse/testing';
import { Controller, Get, type INestApplication, Inject } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Caller,
  createGatehouse,
  CurrentUser,
  GATEHOUSE,
  type Gatehouse,
  GatehouseModule,
  Public,
  Roles,
} from './index.ts';

let double: GatehouseDouble;
let app: INestApplication<unknown>;
let address: string;
const gatehouse: Gatehouse[] = [];

/** Applies decorators without the compiler option that they need. */
function decorate(target: object, method: string, ...decorators: MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, method) ?? {};
  for (const each of decorators) each(target, method, descriptor);
}

class Base {
  inherited() {
    return 'reached';
  }
}
decorate(Base.prototype, 'inherited', Get('inherited'));
Roles('SUPPORT_AGENT')(Base);

class Derived extends Base {
  me(caller: Caller, tenantId: string) {
    return { id: caller.id, tenantId };
  }
  open(caller?: Caller) {
    return { caller: caller ?? null };
  }
}
decorate(Derived.prototype, 'me', Get('me'));
CurrentUser()(Derived.prototype, 'me', 0);
CurrentUser('tenantId')(Derived.prototype, 'me', 1);
Controller('derived')(Derived);

class Plain extends Base {
  readonly injected: Gatehouse;
  constructor(injected: Gatehouse) {
    super();
    this.injected = injected;
    gatehouse.push(injected);
  }
  open(caller?: Caller) {
    return { caller: caller ?? null };
  }
}
decorate(Plain.prototype, 'open', Get('open'), Public('a test'));
CurrentUser()(Plain.prototype, 'open', 0);
Inject(GATEHOUSE)(Plain, undefined, 0);
Controller('plain')(Plain);

class Root {
  readonly isRoot = true;
}

beforeAll(async () => {
  double = await startGatehouseDouble();
  const of = createGatehouse({ issuer: double.issuer, tenants: 'all', credentials: () => 'own' });
  const root = {
    module: Root,
    imports: [GatehouseModule.forRoot({ gatehouse: of })],
    controllers: [Derived, Plain],
  };
  app = await NestFactory.create(root, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  address = await app.getUrl();
});
afterAll(async () => {
  await app.close();
  await double.close();
});

const get = async (path: string, claims?: Record<string, unknown>) => {
  const headers = claims ? { authorization: `Bearer ${double.token(claims)}` } : {};
  const answer = await fetch(`${address}${path}`, { headers });
  return { status: answer.status, body: await answer.text() };
};

describe('the module', () => {
  it('starts and closes with the application, and has the Gatehouse injected', async () => {
    expect(gatehouse[0]?.isFresh()).toBe(true);
  });

  it('hands the caller, or what is asked of them, to the handler', async () => {
    const { status, body } = await get('/derived/me', {});
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({
      status: 200,
      body: { id: 'user-1', tenantId: 'tenant-1' },
    });
  });

  it('narrows a controller by what the class that it extends demands, and a public method with it', async () => {
    for (const path of ['/derived/inherited', '/derived/me', '/plain/inherited', '/plain/open']) {
      expect((await get(path)).status, path).toBe(401);
      expect((await get(path, { roles: ['EXECUTIVE'] })).status, path).toBe(403);
      expect((await get(path, { roles: ['SUPPORT_AGENT'] })).status, path).toBe(200);
    }
  });
});
