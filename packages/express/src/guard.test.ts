import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type GatehouseDouble, startGatehouseDouble } from '@gatehouse/testing';
import express, { type Express, type RequestHandler } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allowWith,
  callerOf,
  createGatehouse,
  type Gatehouse,
  guard,
  publicAccess,
  roles,
  signedIn,
} from './index.ts';

let double: GatehouseDouble;
let gatehouse: Gatehouse;
let allow: ReturnType<typeof allowWith>;
beforeAll(async () => {
  double = await startGatehouseDouble();
  gatehouse = createGatehouse({ issuer: double.issuer, tenants: 'all', credentials: () => 'own' });
  allow = allowWith(gatehouse);
  await gatehouse.start();
});
afterAll(async () => {
  await gatehouse.close();
  await double.close();
});

const answer: RequestHandler = (request, response) => void response.json({ caller: request.caller ?? null });

/** The statuses of an app's paths, to nobody and to somebody. */
async function statusesOf(app: Express, paths: string[], token = double.token(), method = 'GET') {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (path: string, headers: Record<string, string>) =>
    (await fetch(`${base}${path}`, { method, headers })).status;
  const statuses: Record<string, number[]> = {};
  for (const path of paths)
    statuses[path] = [await ask(path, {}), await ask(path, { authorization: `Bearer ${token}` })];
  server.closeAllConnections();
  server.close();
  return statuses;
}

describe('a guarded app', () => {
  it('guards what was there before, what is mounted, at any depth, and what is added to that later', async () => {
    const app = express();
    const [inner, deep, other] = [express.Router(), express.Router(), express()];
    app.get('/before', answer);
    deep.get('/there', answer);
    inner.use('/deep', deep);
    guard(app, gatehouse);
    app.use('/inner', inner);
    app.use('/other', other);
    app.use(['/a', '/b'], [deep]);
    other.get('/app', answer);
    deep.get('/later', answer);
    app.route('/both').get(answer).all(answer);
    app.all('/all', answer);
    const closed = [401, 200];
    expect(
      await statusesOf(app, [
        '/before',
        '/inner/deep/there',
        '/inner/deep/later',
        '/a/there',
        '/b/later',
        '/other/app',
        '/both',
        '/all',
      ]),
    ).toEqual({
      '/before': closed,
      '/inner/deep/there': closed,
      '/inner/deep/later': closed,
      '/a/there': closed,
      '/b/later': closed,
      '/other/app': closed,
      '/both': closed,
      '/all': closed,
    });
    expect(await statusesOf(app, ['/all', '/both'], undefined, 'DELETE')).toEqual({
      '/all': closed,
      '/both': closed,
    });
    expect(await statusesOf(app, ['/before', '/nothing'], undefined, 'OPTIONS')).toEqual({
      '/before': [401, 204],
      '/nothing': [404, 404],
    });
  });

  it('refuses to come after an app that it cannot see into', () => {
    const app = express();
    app.use('/other', express());
    expect(() => guard(app, gatehouse)).toThrow('before other apps are mounted');
    expect(() => guard(app, gatehouse)).toThrow('before other apps are mounted');
  });

  it('guards an app in a router, from before and from later, and what is mounted in it [threat 75] [threat 76]', async () => {
    const app = express();
    const [before, later, inner] = [express(), express(), express()];
    const [there, comes] = [express.Router(), express.Router()];
    for (const each of [before, later]) each.get('/x', answer);
    there.use('/before', before);
    app.use('/there', there);
    guard(app, gatehouse);
    comes.use('/early', later);
    app.use('/comes', comes);
    comes.use('/late', [express().get('/x', answer)]);
    later.use('/inner', inner);
    inner.get('/x', answer);
    before.get('/y', answer);
    const paths = ['/there/before/x', '/there/before/y', '/comes/early/x', '/comes/late/x'];
    paths.push('/comes/early/inner/x');
    expect(await statusesOf(app, paths)).toEqual(Object.fromEntries(paths.map((path) => [path, [401, 200]])));
  });

  it('does not take an app in a router that it cannot see into, however often it is asked', async () => {
    const app = express();
    const api = express.Router();
    const outer = express().use('/inner', express().get('/x', answer));
    guard(app, gatehouse);
    app.use('/api', api);
    for (const _again of [1, 2]) {
      expect(() => api.use('/outer', outer)).toThrow('before other apps are mounted');
      expect(() => app.use(express.Router().use('/outer', outer))).toThrow('before other apps are mounted');
    }
    const unlike = Object.assign(answer.bind(undefined), { handle: answer, set: answer });
    expect(() => api.use('/unlike', unlike)).toThrow('cannot see into');
    expect(await statusesOf(app, ['/api/outer/inner/x', '/api/unlike'])).toEqual({
      '/api/outer/inner/x': [404, 404],
      '/api/unlike': [404, 404],
    });
  });

  it('lets nobody past use() for having come by another method of the same route [threat 75] [threat 76]', async () => {
    const app = express();
    const admin = allow(roles('admin'));
    guard(app, gatehouse);
    app
      .route('/files')
      .get(allow(publicAccess()), (_request, _response, next) => next())
      .post(admin, answer);
    app.use('/files', admin, answer);
    expect(await statusesOf(app, ['/files'])).toEqual({ '/files': [401, 403] });
    expect(await statusesOf(app, ['/files'], undefined, 'HEAD')).toEqual({ '/files': [401, 403] });
    expect(await statusesOf(app, ['/files'], double.token({ roles: ['admin'] }))).toEqual({
      '/files': [401, 200],
    });
  });

  it('demands of what comes after use() what stands there, and opens nothing by it', async () => {
    const app = express();
    guard(app, gatehouse);
    app.use('/files', allow(signedIn()), answer);
    app.use('/open', allow(publicAccess()));
    app.get('/open/:id', answer);
    app.use(
      '/agents',
      allow(roles('SUPPORT_AGENT')),
      express.Router().get('/x', allow(publicAccess()), answer),
    );
    expect(await statusesOf(app, ['/files', '/open/1', '/agents/x'])).toEqual({
      '/files': [401, 200],
      '/open/1': [401, 200],
      '/agents/x': [401, 200],
    });
    expect(await statusesOf(app, ['/agents/x'], double.token({ roles: ['EXECUTIVE'] }))).toEqual({
      '/agents/x': [401, 403],
    });
  });

  it('judges each method of a route by what stands on its own handlers', async () => {
    const app = express();
    guard(app, gatehouse);
    app
      .route('/x')
      .get(allow(publicAccess()), answer)
      .post(allow(roles('admin')), answer);
    expect(await statusesOf(app, ['/x'])).toEqual({ '/x': [200, 200] });
    expect(await statusesOf(app, ['/x'], undefined, 'HEAD')).toEqual({ '/x': [200, 200] });
    expect(await statusesOf(app, ['/x'], undefined, 'POST')).toEqual({ '/x': [401, 403] });
  });

  it('has a caller on every route but a public one', () => {
    expect(() => callerOf({ caller: undefined })).toThrow('public route');
  });
});
