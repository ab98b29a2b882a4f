import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { fillRoute } from './operations.fixture.ts';
import { mutationsOf, unsendable } from './path-mutations.fixture.ts';
import { addPerson, type Person, registerTenant } from './people.fixture.ts';
import { listenAnywhere, requestText, sendRaw } from './socket.fixture.ts';

const LIMIT = 40;

/** One spelling of a path reaches one route, over a real socket: what another spelling reaches is judged as well, or is nothing. */
describe('paths', () => {
  let gatehouse: TestServer;
  let limited: TestServer | undefined;
  let person: Person;
  let port: number;
  const agent = new Agent({ keepAlive: true, maxSockets: 24 });
  beforeAll(async () => {
    gatehouse = await startServer();
    const { tenantId } = await registerTenant(gatehouse, 'Alpha', 'first@alpha.example');
    person = await addPerson(gatehouse, tenantId, []);
    port = await listenAnywhere(gatehouse.server.app);
  });
  afterAll(async () => {
    agent.destroy();
    await limited?.close();
    await gatehouse.close();
  });

  /** Node's client sends a target as it stands, as long as it has no control character. */
  const send = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  /** Protected routes without their HEAD twins, with something in the place of each parameter. */
  const targets = () =>
    gatehouse.server.app.declaredRoutes
      .filter(({ access, method }) => access.kind === 'user' && method !== 'HEAD')
      .map(({ method, url, access }) => ({
        method,
        url,
        needsPermission: access.kind === 'user' && access.anyOf.own.length > 0,
        path: fillRoute(url, { id: newId(), tenantId: person.tenantId }),
      }));
  /** Sends in batches: the sockets are kept busy, the event loop is not flooded. */
  async function each<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
    for (let from = 0; from < items.length; from += 48)
      await Promise.all(items.slice(from, from + 48).map(work));
  }

  it('reaches no handler without an identity, by any spelling and any method [threat 75]', async () => {
    const seen = new Map<number, number>();
    const attempts = targets().flatMap(({ method, path }, route) =>
      Object.entries(mutationsOf(path)).flatMap(([name, mutated], spelling) => {
        const others = [
          { method: 'HEAD', headers: {} },
          { method: 'OPTIONS', headers: {} },
          { method: 'TRACE', headers: {} },
          { method: 'POST', headers: { 'x-http-method-override': method, 'x-method-override': method } },
        ];
        // The other methods take turns: over all routes each of them meets each spelling.
        const other = others[(route + spelling) % others.length];
        return [{ method, headers: {} }, ...(other ? [other] : [])].map((one) => ({ ...one, name, mutated }));
      }),
    );
    expect(attempts.length).toBeGreaterThan(2000);
    await each(attempts, async ({ method, headers, name, mutated }) => {
      const { status, body } = await send(method, mutated, headers);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      expect([400, 401, 404, 405], `${method} ${mutated} (${name}): ${status} ${body}`).toContain(status);
    });
    console.log(`${attempts.length} spellings: ${JSON.stringify(Object.fromEntries(seen))}`);
    // The empty query and encoded letters are other spellings of the same route: judged, not missed.
    expect(seen.get(401)).toBeGreaterThan(0);
  });

  it('lets nobody without the permission in, by any spelling [threat 75]', async () => {
    const headers = { authorization: `Bearer ${person.token}` };
    const attempts = targets()
      .filter(({ needsPermission }) => needsPermission)
      .flatMap(({ method, path }) =>
        Object.values(mutationsOf(path)).map((mutated) => ({ method, mutated })),
      );
    let denied = 0;
    await each(attempts, async ({ method, mutated }) => {
      const { status, body } = await send(method, mutated, headers);
      expect([400, 403, 404, 405], `${method} ${mutated}: ${status} ${body}`).toContain(status);
      if (status === 403) denied += 1;
    });
    expect(denied).toBeGreaterThan(0);
  });

  it('reaches no handler by targets that no library would send [threat 75]', async () => {
    for (const { method, path } of targets()) {
      for (const [name, mutated] of Object.entries(unsendable(path))) {
        const { status, body } = await sendRaw(port, requestText(method, mutated));
        // `*` is the server itself: the page at `/`, which is open.
        if (name === 'asterisk' && body.startsWith('<!doctype html>')) continue;
        expect([400, 401, 404, 405], `${method} ${name}: ${status} ${body}`).toContain(status);
      }
    }
  });

  it('answers problem details to a path that cannot be decoded', async () => {
    const { status, headers, body } = await send('GET', '/api/v1/auth/me%');
    expect(status).toBe(400);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ code: 'request.malformed', status: 400 });
  });

  it('does not let a foreign page ask by OPTIONS, and answers 404 to an OPTIONS that is no preflight', async () => {
    const foreign = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const preflight = await send('OPTIONS', '/api/v1/auth/login', foreign);
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
    expect(preflight.status).toBeLessThan(500);
    for (const path of ['/api/v1/auth/me', '/api/v1/nothing', '/', '*']) {
      const plain = await send('OPTIONS', path);
      expect([400, 404], `${path}: ${plain.body}`).toContain(plain.status);
    }
  });

  it('counts every spelling that reaches sign-in against the same limit [threat 76]', async () => {
    limited = await startServer({ env: { RATE_LIMIT_AUTH_PER_MINUTE: String(LIMIT) } });
    port = await listenAnywhere(limited.server.app);
    const attempt = (path: string) =>
      send(
        'POST',
        path,
        { 'content-type': 'application/json' },
        JSON.stringify({ email: `${newId()}@nobody.example`, password: 'Wrong-Pass-1' }),
      );
    const reaching: string[] = [];
    let remaining = LIMIT;
    const spellings = Object.values(mutationsOf('/api/v1/auth/login'));
    for (const path of spellings) {
      const { status, headers, body } = await attempt(path);
      expect([400, 401, 404], `${path}: ${status} ${body}`).toContain(status);
      if (status !== 401) {
        // A query that is not declared is refused behind the limiter.
        if (headers['ratelimit-remaining'] !== undefined) remaining -= 1;
        continue;
      }
      remaining -= 1;
      expect(headers['ratelimit-remaining'], path).toBe(String(remaining));
      reaching.push(path);
    }
    expect(reaching.length).toBeGreaterThan(1);
    expect(reaching.length).toBeLessThan(LIMIT);
    while (remaining > 0) {
      expect((await attempt('/api/v1/auth/login')).status).toBe(401);
      remaining -= 1;
    }
    for (const path of [...reaching, '/api/v1/auth/login'])
      expect((await attempt(path)).status, path).toBe(429);
    for (const path of spellings) expect([400, 404, 429], path).toContain((await attempt(path)).status);
  });
});
