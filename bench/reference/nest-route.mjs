// One route of Nest that answers a small object: open, behind the guard, or behind one that lets everybody in (what Nest itself takes for having a guard). `/ready` answers a token that the guard lets in.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { CHECKOUT, PLATFORM, GUARDED, PORT } = process.env;
const inPackage = createRequire(join(CHECKOUT, 'packages/nestjs/package.json'));
const library = (name) => import(pathToFileURL(inPackage.resolve(name)).href);
const source = (path) => import(pathToFileURL(join(CHECKOUT, 'packages', path)).href);

const { Controller, Get } = await library('@nestjs/common');
const { APP_GUARD, NestFactory } = await library('@nestjs/core');
const { createGatehouse, GatehouseModule, Permissions, Public } = await source('nestjs/src/index.ts');
const { startGatehouseDouble } = await source('testing/src/index.ts');

const double = await startGatehouseDouble();
const token = double.token();

class Things {
  ready() {
    return token;
  }
  things() {
    return { hello: 'world' };
  }
}
const on = (method, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(Things.prototype, method);
  for (const decorate of decorators) decorate(Things.prototype, method, descriptor);
};
on('ready', Get('ready'), Public('what the load driver starts with'));
on('things', Get('things'), Permissions('tickets:read'));
Controller()(Things);

const gatehouse = createGatehouse({ issuer: double.issuer, tenants: 'all', credentials: () => 'own' });
const imports = GUARDED ? [GatehouseModule.forRoot({ gatehouse })] : [];
const adapter =
  PLATFORM === 'express'
    ? new (await library('@nestjs/platform-express')).ExpressAdapter()
    : new (await library('@nestjs/platform-fastify')).FastifyAdapter();
if (GUARDED === 'empty')
  imports[0] = {
    module: class {
      any = true;
    },
    providers: [{ provide: APP_GUARD, useValue: { canActivate: () => true } }],
  };
const app = await NestFactory.create({ module: Things, imports, controllers: [Things] }, adapter, {
  logger: false,
});
await app.listen(Number(PORT), '127.0.0.1');
