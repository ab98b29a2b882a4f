import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { allowWith, guard } from '@gatehouse/express';
import { gatehousePlugin } from '@gatehouse/fastify';
import { GatehouseModule, Permissions } from '@gatehouse/nestjs';
import { type Gatehouse, permissions } from '@gatehouse/sdk';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import fastify from 'fastify';

/** A service of somebody's, with one route, `/`, for whoever holds the permission. */
export interface Service {
  url: string;
  close(): Promise<unknown>;
}
export type Serve = (gatehouse: Gatehouse, permission: string) => Promise<Service>;

const urlOf = (server: { address(): AddressInfo | string | null }) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

const onFastify: Serve = async (gatehouse, permission) => {
  const app = fastify();
  await app.register(gatehousePlugin, { gatehouse });
  app.get('/', { config: { allow: permissions(permission) } }, () => 'reached');
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { url: urlOf(app.server), close: () => app.close() };
};

const onExpress: Serve = async (gatehouse, permission) => {
  const app = express();
  guard(app, gatehouse);
  app.get('/', allowWith(gatehouse)(permissions(permission)), (_request, response) => {
    response.send('reached');
  });
  await gatehouse.start();
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: urlOf(server),
    async close() {
      server.closeAllConnections();
      server.close();
      await gatehouse.close();
    },
  };
};

const onNest =
  (platform: () => ExpressAdapter | FastifyAdapter): Serve =>
  async (gatehouse, permission) => {
    class Root {
      read() {
        return 'reached';
      }
    }
    // What decorators do, without the compiler option that they need.
    const method = Object.getOwnPropertyDescriptor(Root.prototype, 'read') ?? {};
    for (const decorate of [Get(), Permissions(permission)]) decorate(Root.prototype, 'read', method);
    Controller()(Root);
    const module = { module: Root, imports: [GatehouseModule.forRoot({ gatehouse })], controllers: [Root] };
    const app = await NestFactory.create(module, platform(), { logger: false, forceCloseConnections: true });
    await app.listen(0, '127.0.0.1');
    return { url: urlOf(app.getHttpServer() as Parameters<typeof urlOf>[0]), close: () => app.close() };
  };

export const FRAMEWORKS: Readonly<Record<string, Serve>> = {
  fastify: onFastify,
  express: onExpress,
  'nest on express': onNest(() => new ExpressAdapter()),
  'nest on fastify': onNest(() => new FastifyAdapter()),
};
