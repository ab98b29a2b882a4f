import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type GatehouseDouble, startGatehouseDouble } from '@gatehouse/testing';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callerOf, createGatehouse, gatehousePlugin, narrow, publicAccess, roles } from './index.ts';

let double: GatehouseDouble;
let app: FastifyInstance;
beforeAll(async () => {
  double = await startGatehouseDouble();
});
afterAll(() => double.close());
beforeEach(() => {
  app = fastify();
});
afterEach(() => app.close());

const register = () =>
  app.register(gatehousePlugin, {
    gatehouse: createGatehouse({ issuer: double.issuer, tenants: 'all', credentials: () => 'own' }),
  });
const get = (url: string, token?: string) =>
  app.inject({ url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

describe('the plugin', () => {
  it('hands the caller to the handler, and to none on a public route', async () => {
    await register();
    app.get('/me', (request) => callerOf(request));
    app.get('/open', { config: { allow: publicAccess() } }, (request) => ({
      caller: request.caller ?? null,
    }));
    app.get('/wrong', { config: { allow: publicAccess() } }, (request) => callerOf(request));
    const token = double.token();
    expect((await get('/me', token)).json()).toMatchObject({
      kind: 'user',
      id: 'user-1',
      tenantId: 'tenant-1',
    });
    expect((await get('/open', token)).json()).toEqual({ caller: null });
    expect((await get('/wrong', token)).statusCode).toBe(500);
    expect((await get('/nothing', token)).statusCode).toBe(404);
  });

  it('guards routes that were declared before it, and refuses to come after a plugin with a scope of its own', async () => {
    app.get('/before', () => 'reached');
    await register();
    expect((await get('/before')).statusCode).toBe(401);
    const late = fastify();
    await late.register((scope, _options, done) => {
      scope.get('/open-by-mistake', () => 'reached');
      done();
    });
    await expect(async () =>
      late.register(gatehousePlugin, {
        gatehouse: createGatehouse({ issuer: double.issuer, tenants: 'all' }),
      }),
    ).rejects.toThrow('before every plugin');
    await late.close();
  });

  it('lets nobody by a route that was declared before its scope was narrowed', async () => {
    await register();
    await app.register((scope, _options, done) => {
      scope.get('/first', () => 'reached');
      narrow(scope, roles('SUPPORT_AGENT'));
      scope.get('/second', () => 'reached');
      done();
    });
    expect((await get('/first', double.token())).statusCode).toBe(500);
    expect((await get('/second', double.token())).statusCode).toBe(200);
    expect((await get('/second', double.token({ roles: ['EXECUTIVE'] }))).statusCode).toBe(403);
  });

  it('judges whoever holds back the last byte once more when it has come [threat 43] [threat 44]', async () => {
    await register();
    let reached = 0;
    app.post('/invoices', () => (reached += 1));
    await app.listen({ port: 0, host: '127.0.0.1' });
    const postLate = (token: string, meanwhile: () => void) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1', () => {
          socket.write(
            `POST /invoices HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n` +
              'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{',
          );
          void delay(350).then(() => {
            meanwhile();
            return delay(150).then(() => socket.write('}'));
          });
        });
        let text = '';
        socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        socket.on('close', () => resolve(text.slice(9, 12))).on('error', reject);
      });
    const token = double.token({ sid: 'late' });
    expect(await postLate(token, () => undefined)).toBe('200');
    expect(await postLate(token, () => double.revoke({ sid: 'late' }))).toBe('401');
    expect(reached).toBe(1);
  });
});
