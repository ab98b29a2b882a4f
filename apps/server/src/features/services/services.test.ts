import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeApiKey, withKey } from '../../../test/api-keys.fixture.ts';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addService, askForToken, basic, type TestService } from '../../../test/services.fixture.ts';
import { call } from '../../../test/standing/people.fixture.ts';
import { generateSigningKey } from '../../platform/crypto/index.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

const GRANT = { grant_type: 'client_credentials' };
let gatehouse: TestServer;
let acme: TenantId;
let boss: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  acme = await addTenant(gatehouse);
  boss = await addCaller(gatehouse, acme, 'admin');
});
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
const withToken = (token: string, path = '/users') =>
  call(gatehouse, token, { method: 'GET', url: `/api/v1${path}` });
const ask = (service: TestService, form: Record<string, string> = {}) =>
  askForToken(gatehouse, { ...GRANT, ...form }, basic(service.clientId, service.secret));
/** What followers were told of its tokens. */
const endedOf = async (service: TestService) =>
  itemsOf(await boss.get('/revocations?limit=1000'))
    .filter(({ id }) => id === service.id)
    .map(({ matches }) => matches);
const refusal = (answer: { status: number; body: Record<string, unknown> }) => [
  answer.status,
  answer.body.error ?? answer.body.code,
];

describe('a service', () => {
  it('is registered with a secret that is shown once, and starts with nothing', async () => {
    const service = await addService(gatehouse, boss);
    const shown = await boss.get(`/services/${service.id}`);
    expect(shown.body).toMatchObject({
      clientId: service.clientId,
      namespace: 'billing',
      audience: `${gatehouse.config.publicUrl}/services/${service.clientId}`,
      status: 'active',
      secrets: [{ expiresAt: null }],
    });
    expect(itemsOf(await boss.get('/services?namespace=billing'))).toEqual([shown.body]);
    expect(itemsOf(await boss.get('/services?namespace=other'))).toEqual([]);
    const [rows] = await gatehouse.sql<{ text: string }>(
      `select (select string_agg(row_to_json(s)::text, '') from gatehouse.client_secrets s) || (select string_agg(row_to_json(a)::text, '') from gatehouse.audit_records a) as text`,
    );
    expect(rows?.text).not.toContain(service.secret);
    expect(refusal(await service.call('GET', '/users'))).toEqual([403, 'access.denied']);
    expect((await boss.get('/clients')).text).not.toContain(service.clientId);
    expect((await boss.get(`/clients/${service.id}`)).status).toBe(404);
  });

  it('calls by its own name with the roles that it has at that moment, and everything that it reads is in the decision log [threat 12]', async () => {
    const service = await addService(gatehouse, boss, { roles: ['SUPPORT_AGENT'] });
    const token = await service.token();
    expect((await withToken(token)).status).toBe(200);
    const logged = () =>
      gatehouse.sql<{ permission: string }>(
        'select permission, reason from gatehouse.decisions where principal_id = $1',
        [service.id],
      );
    await expect.poll(logged).toEqual([{ permission: 'users:read', reason: 'held through SUPPORT_AGENT' }]);
    const [held] = itemsOf(await boss.get(`/role-assignments?principalId=${service.id}`));
    await boss.delete(`/role-assignments/${String(held?.id)}`);
    expect(refusal(await withToken(token))).toEqual([403, 'access.denied']);
    expect(itemsOf(await boss.get(`/audit?action=authorization_denied&actor=${service.id}`))).toMatchObject([
      { actor: { kind: 'service', label: service.clientId }, after: { permission: 'users:read' } },
    ]);
    // Whoever verifies its tokens by itself is told of both.
    expect(await endedOf(service)).toEqual([1, 2].map(() => [{ client_id: service.clientId }]));
  });

  it('is somebody in its own tenant alone: another one is not there for it, on record [threat 12]', async () => {
    const service = await addService(gatehouse, boss, { roles: ['admin'] });
    const other = await addTenant(gatehouse);
    const answer = await service.call('GET', `/tenants/${other}/users`);
    expect(refusal(answer)).toEqual([404, 'resource.not_found']);
    expect(itemsOf(await boss.get(`/audit?action=authorization_denied&actor=${service.id}`))).toHaveLength(1);
  });

  it('of the platform enters the tenants that its roles let it into', async () => {
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const [plain, operating] = [
      await addService(gatehouse, platform, { roles: ['admin'] }),
      await addService(gatehouse, platform, { roles: ['PLATFORM_ADMIN'] }),
    ];
    expect((await plain.call('GET', `/tenants/${acme}/users`)).status).toBe(404);
    expect((await operating.call('GET', `/tenants/${acme}/users`)).status).toBe(200);
  });

  it('has no account to look after and proves nothing anew', async () => {
    const service = await addService(gatehouse, boss, { roles: ['admin'] });
    for (const [method, path] of [
      ['GET', '/auth/me'],
      ['POST', '/services'],
      ['POST', '/api-keys'],
      ['POST', '/invitations'],
    ] as const) {
      const body = path === '/invitations' ? { email: 'new@example.com', roles: [] } : undefined;
      expect(refusal(await service.call(method, path, body)), path).toEqual([403, 'auth.person_required']);
    }
  });

  it('is nothing that people sign in to', async () => {
    const service = await addService(gatehouse, boss);
    const answer = await gatehouse
      .browser()
      .post('/api/v1/auth/login', { email: 'a@example.com', password: 'x', client: service.clientId });
    expect(refusal(answer)).toEqual([400, 'auth.client_unknown']);
  });

  it.each([
    ['a namespace that no name is', { namespace: 'Billing' }],
    ['a client_id that no name is', { clientId: 'a b' }],
    ['a kind', { kind: 'web' }],
    ['roles', { roles: ['admin'] }],
  ])('is not made with %s [threat 71]', async (_what, odd) => {
    const body = { clientId: 'odd', name: 'Odd', namespace: 'billing', ...odd };
    expect(refusal(await boss.post('/services', body))).toEqual([400, 'request.invalid']);
  });

  it('keeps its client_id to itself, over all tenants', async () => {
    const service = await addService(gatehouse, boss);
    const other = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const body = { clientId: service.clientId, name: 'Same', namespace: 'billing' };
    expect(refusal(await other.post('/services', body))).toEqual([409, 'clients.client_id_in_use']);
  });
});

describe('the token endpoint', () => {
  it('gives a JWT of five minutes in the claims of RFC 9068', async () => {
    const service = await addService(gatehouse, boss, { roles: ['SUPPORT_AGENT'] });
    const answer = await ask(service);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
    expect(answer.headers['cache-control']).toBe('no-store');
    const token = String(answer.body.access_token);
    const iat = Math.floor(gatehouse.clock.now().getTime() / 1000);
    const { jti, ...claims } = claimsOf(token);
    expect(jti).toEqual(expect.stringMatching(/^.{20,}$/));
    expect(claims).toEqual({
      iss: gatehouse.config.publicUrl,
      aud: gatehouse.config.publicUrl,
      sub: service.clientId,
      client_id: service.clientId,
      tenant_id: acme,
      namespace: 'billing',
      roles: ['SUPPORT_AGENT'],
      iat,
      exp: iat + 300,
    });
    expect((await withToken(token)).status).toBe(200);
    gatehouse.clock.advance({ minutes: 5 });
    expect(refusal(await withToken(token))).toEqual([401, 'auth.token_invalid']);
  });

  it('takes the secret by HTTP Basic or in the form, and answers everybody else alike', async () => {
    const service = await addService(gatehouse, boss);
    const { clientId: client_id, secret: client_secret } = service;
    expect((await askForToken(gatehouse, { ...GRANT, client_id, client_secret })).status).toBe(200);
    const wrong = await askForToken(gatehouse, GRANT, basic(client_id, `${client_secret}x`));
    expect(refusal(wrong)).toEqual([401, 'invalid_client']);
    expect(wrong.headers['www-authenticate']).toMatch(/^Basic /);
    for (const [id, secret] of [
      ['nobody', client_secret],
      ['no\u0000body', client_secret],
      ['x'.repeat(10_000), client_secret],
      ['console', client_secret],
      [client_id, ''],
    ] as const) {
      const answer = await askForToken(gatehouse, { ...GRANT, client_id: id, client_secret: secret });
      expect([400, 401], id).toContain(answer.status);
      expect(answer.body.access_token, id).toBeUndefined();
    }
    const unknown = await askForToken(gatehouse, GRANT, basic('nobody', client_secret));
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
  });

  it('refuses other grants, what is said twice, JSON, and a method that is not POST', async () => {
    const service = await addService(gatehouse, boss);
    const send = (form: string, type = 'application/x-www-form-urlencoded') =>
      gatehouse.browser({ origin: undefined }).request({
        method: 'POST',
        url: '/oauth2/token',
        headers: { 'content-type': type, ...basic(service.clientId, service.secret) },
        payload: form,
      });
    for (const grant of ['password', 'authorization_code', 'refresh_token', 'made-up'])
      expect((await send(`grant_type=${grant}`)).status, grant).toBe(400);
    for (const [form, type] of [
      ['grant_type=client_credentials&grant_type=client_credentials', undefined],
      ['grant_type=client_credentials&scope=users:read&scope=users:create', undefined],
      [JSON.stringify(GRANT), 'application/json'],
      ['', undefined],
    ] as const)
      expect(refusal(await send(form, type)), form).toEqual([400, 'invalid_request']);
    expect((await gatehouse.browser().get('/oauth2/token')).status).toBe(404);
    for (const path of ['/oauth2/token/', '/OAUTH2/token', '//oauth2/token', '/oauth2%2Ftoken'])
      expect((await gatehouse.browser().post(path)).status, path).toBe(404);
  });

  it('narrows a token to the scope that is asked for, and refuses one that the roles do not hold', async () => {
    const service = await addService(gatehouse, boss, { roles: ['admin'] });
    const token = await service.token({ scope: 'roles:read' });
    expect((await withToken(token, '/roles')).status).toBe(200);
    expect((await withToken(token, '/users')).status).toBe(403);
    expect(refusal(await ask(service, { scope: 'roles:read tenants:read' }))).toEqual([400, 'invalid_scope']);
  });

  it('gives a token for another service where the map of calls has it, and nowhere else', async () => {
    const [caller, callee, third] = await Promise.all([1, 2, 3].map(() => addService(gatehouse, boss)));
    if (!caller || !callee || !third) throw new Error('three services');
    const other = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const foreign = await addService(gatehouse, other);
    const resource = callee.audience;
    expect(refusal(await ask(caller, { resource }))).toEqual([400, 'invalid_target']);
    const calls = `/services/${caller.id}/calls`;
    const allow = (ids: string[]) =>
      call(gatehouse, boss.token, { method: 'PUT', url: `/api/v1${calls}`, body: { mayCall: ids } });
    expect((await allow([callee.id])).body).toEqual({ mayCall: [callee.id] });
    const token = await caller.token({ resource });
    expect(claimsOf(token)).toMatchObject({ aud: resource, sub: caller.clientId, namespace: 'billing' });
    // It is for the other service, and opens nothing here.
    expect((await withToken(token)).status).toBe(401);
    for (const [service, audience] of [
      [callee, caller.audience],
      [caller, third.audience],
      [caller, foreign.audience],
      [caller, `${resource}/`],
      [caller, 'urn:nothing'],
      [caller, 'not a uri'],
    ] as const)
      expect(refusal(await ask(service, { resource: audience })), audience).toEqual([400, 'invalid_target']);
    for (const id of [foreign.id, boss.principalId])
      expect((await allow([callee.id, id])).status, id).toBe(404);
    expect((await boss.get(calls)).body).toEqual({ mayCall: [callee.id] });
    await boss.post(`/services/${callee.id}/suspend`);
    expect(refusal(await ask(caller, { resource }))).toEqual([400, 'invalid_target']);
    await boss.post(`/services/${callee.id}/activate`);
    expect((await ask(caller, { resource })).status).toBe(200);
    await allow([]);
    expect(refusal(await ask(caller, { resource }))).toEqual([400, 'invalid_target']);
    expect(itemsOf(await boss.get('/audit?action=service_calls_changed'))).toHaveLength(2);
  });

  it('signs with the key that signs now', async () => {
    const service = await addService(gatehouse, boss, { roles: ['admin'] });
    const before = await service.token();
    const { tokens } = gatehouse.server.deps;
    const [row] = await gatehouse.sql<{ kid: string }>(
      `select kid from gatehouse.signing_keys where status = 'active'`,
    );
    const fresh = await generateSigningKey('ES256');
    tokens.use({ active: fresh, all: [fresh] });
    const after = await service.token();
    const kidOf = (token: string) =>
      (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
    expect([kidOf(before), kidOf(after)]).toEqual([row?.kid, fresh.kid]);
    expect((await withToken(after)).status).toBe(200);
  });

  it('signs with the shared secret where that is how tokens are signed', async () => {
    const compatible = await startServer({
      env: { TOKEN_ALGORITHM: 'hs256', SECRET_KEY: 'k3Zq8Vt1xW9rB6yN4mJ7cD2fG5hL0pQs' },
    });
    try {
      const tenant = await addTenant(compatible);
      const admin = await addCaller(compatible, tenant, 'admin');
      const service = await addService(compatible, admin, { roles: ['admin'] });
      expect((await service.call('GET', '/users')).status).toBe(200);
    } finally {
      await compatible.close();
    }
  });
});

describe('the secrets of a service', () => {
  it('take each other’s place, two at a time, and the older one ends when it was said', async () => {
    const service = await addService(gatehouse, boss);
    const works = async (secret: string) =>
      (await askForToken(gatehouse, GRANT, basic(service.clientId, secret))).status === 200;
    const rotate = async (body: object) => {
      const made = await boss.post(`/services/${service.id}/secrets`, body);
      expect(made.status, made.text).toBe(201);
      return made.body as { id: string; clientSecret: string };
    };
    const second = await rotate({ overlapMinutes: 10 });
    expect([await works(service.secret), await works(second.clientSecret)]).toEqual([true, true]);
    expect((await boss.get(`/services/${service.id}`)).body.secrets).toHaveLength(2);
    gatehouse.clock.advance({ minutes: 10 });
    await boss.signInAgain();
    expect([await works(service.secret), await works(second.clientSecret)]).toEqual([false, true]);
    const third = await rotate({});
    const fourth = await rotate({});
    expect([await works(second.clientSecret), await works(third.clientSecret)]).toEqual([false, true]);
    expect((await boss.delete(`/services/${service.id}/secrets/${fourth.id}`)).status).toBe(204);
    expect((await boss.delete(`/services/${service.id}/secrets/${fourth.id}`)).status).toBe(404);
    expect([await works(fourth.clientSecret), await works(third.clientSecret)]).toEqual([false, true]);
    const last = await rotate({ overlapMinutes: 0 });
    expect([await works(third.clientSecret), await works(last.clientSecret)]).toEqual([false, true]);
    for (const overlapMinutes of [-1, 43_201, 1.5, '10'])
      expect((await boss.post(`/services/${service.id}/secrets`, { overlapMinutes })).status).toBe(400);
  });
});

describe('a secret of a service', () => {
  it('is shown to nobody who may less than the service: they could be it from then on [threat 72]', async () => {
    const made = await boss.post('/roles', {
      name: 'rotator',
      title: 'Rotator',
      description: 'Replaces secrets',
      permissions: ['clients:read', 'clients:rotate'],
    });
    expect(made.status, made.text).toBe(201);
    const rotator = await addCaller(gatehouse, acme);
    await boss.post('/role-assignments', { principalId: rotator.principalId, role: 'rotator' });
    const [strong, weak] = [
      await addService(gatehouse, boss, { roles: ['admin'] }),
      await addService(gatehouse, boss),
    ];
    const refused = await rotator.post(`/services/${strong.id}/secrets`, {});
    expect(refusal(refused)).toEqual([403, 'access.grant_exceeds_own']);
    expect(
      itemsOf(await boss.get(`/audit?action=authorization_denied&actor=${rotator.userId}`)),
    ).toHaveLength(1);
    expect((await ask(strong)).status).toBe(200);
    expect((await rotator.post(`/services/${weak.id}/secrets`, {})).status).toBe(201);
  });
});

describe('a service that is suspended or deleted', () => {
  it('is refused at its next request, gets no token, and its keys stop [threat 44]', async () => {
    const service = await addService(gatehouse, boss, { roles: ['admin'] });
    const token = await service.token();
    const script = await makeApiKey(gatehouse, boss, { scopes: ['users:read'], serviceId: service.id });
    const key = withKey(gatehouse, script.id, script.key);
    const statuses = async () => [
      (await withToken(token)).status,
      (await ask(service)).status,
      (await key.call('GET', '/users')).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await boss.post(`/services/${service.id}/suspend`)).body.status).toBe('suspended');
    expect(await statuses()).toEqual([401, 401, 401]);
    await boss.post(`/services/${service.id}/activate`);
    expect(await statuses()).toEqual([200, 200, 200]);
    expect(await endedOf(service)).toHaveLength(3);
    expect((await boss.delete(`/services/${service.id}`)).status).toBe(204);
    expect(await statuses()).toEqual([401, 401, 401]);
    expect(
      await gatehouse.sql('select from gatehouse.principals where id = any ($1)', [[service.id, script.id]]),
    ).toEqual([]);
  });

  it('leaves nothing to whoever takes its client_id anew [threat 12]', async () => {
    const service = await addService(gatehouse, boss, { roles: ['admin'] });
    const token = await service.token();
    await boss.delete(`/services/${service.id}`);
    const other = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const taken = await other.post('/services', {
      clientId: service.clientId,
      name: 'New',
      namespace: 'billing',
    });
    expect(taken.status).toBe(201);
    await other.post('/role-assignments', { principalId: taken.body.id, role: 'admin' });
    expect(refusal(await withToken(token))).toEqual([401, 'auth.token_invalid']);
  });

  it('stops with its tenant', async () => {
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const service = await addService(gatehouse, boss, { roles: ['admin'] });
    const token = await service.token();
    await platform.post(`/tenants/${acme}/suspend`);
    expect([(await withToken(token)).status, (await ask(service)).status]).toEqual([401, 401]);
  });
});
