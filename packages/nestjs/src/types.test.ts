import { type allowWith, callerOf as callerOnExpress, guard } from '@gatehouse/express';
import { callerOf as callerOnFastify, type gatehousePlugin } from '@gatehouse/fastify';
import { createGatehouse, type GatehouseOptions, permissions, type stepUp } from '@gatehouse/sdk';
import type { Request, RequestHandler } from 'express';
import type { FastifyContextConfig, FastifyPluginCallback, FastifyRequest } from 'fastify';
import { describe, expectTypeOf, it } from 'vitest';
import {
  type AccessRule,
  type Caller,
  CurrentUser,
  type Gatehouse,
  GatehouseModule,
  Permissions,
  Public,
  StepUp,
} from './index.ts';

/** Judged by the compiler (`npm run check -- types`): a type that becomes another breaks whoever builds on it. */
describe('the types of the packages', () => {
  it('say of a caller what there always is, and what there may be', () => {
    expectTypeOf<Caller['kind']>().toEqualTypeOf<'user' | 'service' | 'api_key' | 'internal'>();
    expectTypeOf<Caller['tenantId']>().toBeString();
    expectTypeOf<Caller['sessionId']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Caller['roles']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<ReturnType<Gatehouse['admit']>>().toEqualTypeOf<
      Caller | undefined | Promise<Caller | undefined>
    >();
  });

  it('ask for the issuer and whose callers are let in, and nothing else', () => {
    expectTypeOf(createGatehouse).returns.toEqualTypeOf<Gatehouse>();
    expectTypeOf<{ issuer: string; tenants: 'all' }>().toExtend<GatehouseOptions>();
    expectTypeOf<{ issuer: string; tenants: string[] }>().toExtend<GatehouseOptions>();
    expectTypeOf<{ issuer: string }>().not.toExtend<GatehouseOptions>();
    expectTypeOf<{ credentials: () => string }>().not.toExtend<GatehouseOptions>();
    expectTypeOf<{ issuer: string; tenants: 'all'; undeclared: 'public' }>().not.toExtend<GatehouseOptions>();
  });

  it('take rules where they belong, and no words in their place', () => {
    expectTypeOf(permissions).returns.toEqualTypeOf<AccessRule>();
    expectTypeOf<{ acr: '1' }>().not.toExtend<Parameters<typeof stepUp>[0]>();
    expectTypeOf<string>().not.toExtend<NonNullable<FastifyContextConfig['allow']>>();
    expectTypeOf<AccessRule[]>().toExtend<NonNullable<FastifyContextConfig['allow']>>();
    expectTypeOf<ReturnType<ReturnType<typeof allowWith>>>().toExtend<RequestHandler>();
    expectTypeOf<string>().not.toExtend<Parameters<ReturnType<typeof allowWith>>[0]>();
    for (const decorate of [Public, Permissions, StepUp])
      expectTypeOf(decorate).returns.toExtend<ClassDecorator & MethodDecorator>();
    expectTypeOf(CurrentUser).returns.toExtend<ParameterDecorator>();
    expectTypeOf<'password'>().not.toExtend<NonNullable<Parameters<typeof CurrentUser>[0]>>();
  });

  it('hand the caller on by the request of each framework', () => {
    expectTypeOf<FastifyRequest['caller']>().toEqualTypeOf<Caller | undefined>();
    expectTypeOf<Request['caller']>().toEqualTypeOf<Caller | undefined>();
    expectTypeOf(callerOnFastify).returns.toEqualTypeOf<Caller>();
    expectTypeOf(callerOnExpress).returns.toEqualTypeOf<Caller>();
    expectTypeOf<typeof gatehousePlugin>().toExtend<FastifyPluginCallback<{ gatehouse: Gatehouse }>>();
    expectTypeOf(guard).parameter(1).toEqualTypeOf<Gatehouse>();
    expectTypeOf(GatehouseModule.forRoot).parameter(0).toEqualTypeOf<{ readonly gatehouse: Gatehouse }>();
  });
});
