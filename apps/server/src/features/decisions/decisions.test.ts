import { ownData } from '@gatehouse/decisions';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Caller;
let agent: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  tenantId = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenantId, 'admin');
  agent = await addCaller(gatehouse, tenantId, 'SUPPORT_AGENT');
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}, token = admin.token) =>
  gatehouse.browser({ origin: undefined }).request({
    method: 'POST',
    url: path,
    payload: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
  });
const ask = (body: unknown, token = admin.token) => post('/access/v1/evaluation', body, {}, token);
const askAll = (body: unknown) => post('/access/v1/evaluations', body);
const about = (id: string, action = 'read', type = 'tickets', more: object = {}) => ({
  subject: { type: 'user', id, ...more },
  action: { name: action },
  resource: { type, id: '7' },
});
async function publish(name: string, document: object, place = 'in_force') {
  const drafted = await admin.post('/policies', { name, ...document });
  expect(drafted.status, drafted.text).toBe(201);
  const { id } = drafted.body as unknown as { id: string };
  const published = await admin.post(`/policies/${id}/publish`, { revision: 1, place });
  expect(published.status, published.text).toBe(200);
  return id;
}
const denyTickets = {
  rules: [
    { id: 'closed', effect: 'deny', resource: 'tickets', actions: ['read'], when: 'context.closed == true' },
  ],
  tests: [
    {
      name: 'closed',
      request: {
        ...about('x'),
        subject: { type: 'user', id: 'x', roles: ['SUPPORT_AGENT'] },
        context: { closed: true },
      },
      expect: 'deny',
    },
  ],
};

describe('an evaluation', () => {
  it('is by the roles that the subject has here, with the reason in words and for programs', async () => {
    const permitted = await ask(about(agent.userId));
    expect(permitted.status, permitted.text).toBe(200);
    expect(permitted.body).toEqual({
      decision: true,
      context: {
        version: expect.any(String),
        reason_admin: { en: 'role SUPPORT_AGENT holds tickets:read' },
        reasons: [{ kind: 'role', role: 'SUPPORT_AGENT', permission: 'tickets:read' }],
      },
    });
    expect((await ask(about(agent.userId, 'read', 'invoices'))).body).toMatchObject({
      decision: false,
      context: { reasons: [{ kind: 'nothing_permits', permission: 'invoices:read' }] },
    });
  });

  it('is by the policies in force from the next question on, and not by a withdrawn one', async () => {
    const own = { ...about(agent.userId, 'read', 'users'), resource: { type: 'users', id: agent.userId } };
    const viewer = await addCaller(gatehouse, tenantId);
    const question = {
      ...own,
      subject: { type: 'user', id: viewer.userId },
      resource: { type: 'users', id: viewer.userId },
    };
    expect((await ask(question)).body.decision).toBe(false);
    const id = await publish('own-data', ownData);
    expect((await ask(question)).body).toMatchObject({
      decision: true,
      context: {
        reasons: [{ kind: 'rule', policy: 'own-data', version: 1, rule: 'users-read-their-own-data' }],
      },
    });
    await admin.post(`/policies/${id}/withdraw`, { place: 'in_force' });
    expect((await ask(question)).body.decision).toBe(false);
  });

  it('takes nothing that the caller says of a subject for a role, a permission or a tenant', async () => {
    const claiming = {
      properties: {
        roles: ['admin'],
        permissions: ['invoices:read'],
        tenant_id: ROOT_TENANT,
        type: 'service',
      },
    };
    const asked = {
      ...about(agent.userId, 'read', 'invoices', {
        ...claiming,
        roles: ['admin'],
        permissions: ['invoices:read'],
        tenantId: ROOT_TENANT,
      }),
    };
    expect((await ask(asked)).body.decision).toBe(false);
  });

  it('permits nothing to whom it does not know here: a stranger, somebody suspended, another kind of subject', async () => {
    await publish('everybody', {
      rules: [{ id: 'all', effect: 'allow', resource: 'tickets', actions: ['read'] }],
      tests: [{ name: 'anybody', request: about('x'), expect: 'allow' }],
    });
    expect((await ask(about(agent.userId))).body.decision).toBe(true);
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    await gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [agent.userId]);
    gatehouse.clock.advance({ seconds: 1 });
    for (const subject of [
      { type: 'user', id: stranger.userId },
      { type: 'user', id: agent.userId },
      { type: 'user', id: newId() },
      { type: 'user', id: "x' or 1=1" },
      { type: 'api_key', id: agent.userId },
      { type: 'service', id: 'console' },
      { type: 'robot', id: agent.userId },
      { type: '__proto__', id: 'constructor' },
    ])
      expect((await ask({ ...about('x'), subject })).body, JSON.stringify(subject)).toMatchObject({
        decision: false,
        context: { reasons: [{ kind: 'unknown_subject' }] },
      });
  });

  it('gives an API key what its scopes say, as far as its owner holds them', async () => {
    const owner = await addCaller(gatehouse, tenantId, 'admin');
    const made = await owner.post('/api-keys', { name: 'Report', scopes: ['tickets:read'] });
    expect(made.status, made.text).toBe(201);
    const key = { type: 'api_key', id: String(made.body.id) };
    expect((await ask({ ...about('x'), subject: key })).body).toMatchObject({
      decision: true,
      context: { reasons: [{ kind: 'permission', permission: 'tickets:read' }] },
    });
    expect((await ask({ ...about('x', 'close'), subject: key })).body.decision).toBe(false);
    const assigned = itemsOf(await admin.get('/role-assignments'));
    const held = assigned.findLast(({ role }) => role === 'admin');
    expect((await admin.delete(`/role-assignments/${String(held?.id)}`)).status).toBe(204);
    expect((await ask({ ...about('x'), subject: key })).body.decision).toBe(false);
  });

  it('keeps to the standard: request ids come back, what is unknown is ignored, what is missing is 400', async () => {
    const known = about(agent.userId);
    const answer = await post(
      '/access/v1/evaluation',
      { ...known, foo: 'bar', later: { nested: true } },
      { 'x-request-id': 'bfe9-eb29 ä' },
    );
    expect(answer.body.decision).toBe(true);
    expect(answer.headers['x-request-id']).toBe('bfe9-eb29 ä');
    for (const body of [
      { action: known.action, resource: known.resource },
      { ...known, subject: { id: 'x' } },
      { ...known, subject: 'alice' },
      { ...known, action: {} },
      { ...known, action: { name: 123 } },
      { ...known, resource: { type: 'tickets' } },
      '',
      '{',
    ]) {
      for (const path of ['evaluation', 'evaluations']) {
        const refused = await post(`/access/v1/${path}`, body, { 'x-request-id': 'one' });
        expect(refused.status, `${path} ${JSON.stringify(body)}: ${refused.text}`).toBe(400);
        expect(refused.headers['x-request-id']).toBe('one');
      }
    }
    expect((await post('/access/v1/evaluation', 'x', { 'content-type': 'text/plain' })).status).toBe(400);
    const nobody = await post('/access/v1/evaluation', known, {
      authorization: 'Bearer x',
      'x-request-id': 'two',
    });
    expect([nobody.status, nobody.headers['x-request-id']]).toEqual([401, 'two']);
    expect(nobody.headers['www-authenticate']).toContain('Bearer');
    expect((await ask(known, agent.token)).status).toBe(403);
    const metadata = await gatehouse.browser().get('/.well-known/authzen-configuration');
    const { publicUrl } = gatehouse.config;
    expect(metadata.body).toEqual({
      policy_decision_point: publicUrl,
      access_evaluation_endpoint: `${publicUrl}/access/v1/evaluation`,
      access_evaluations_endpoint: `${publicUrl}/access/v1/evaluations`,
    });
  });
});

describe('what a service has registered', () => {
  const document = {
    permissions: [
      { name: 'shop:orders:read', description: 'Read orders' },
      { name: 'shop:orders:cancel', description: 'Cancel orders' },
    ],
    resources: { 'shop:orders': { attributes: { owner: 'string', amount: 'int' } } },
  };
  const order = (id: string, properties: object, action = 'read') => ({
    ...about(id, action),
    resource: { type: 'shop:orders', id: '7', properties },
  });

  it('is decided about, by role and by its attributes, which policies are checked against', async () => {
    const path = `/api/v1/catalog/services/shop`;
    const registered = await gatehouse.browser({ origin: undefined }).request({
      method: 'PUT',
      url: path,
      payload: JSON.stringify(document),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.token}` },
    });
    expect(registered.status, registered.text).toBeLessThan(300);
    const rule = { id: 'own', effect: 'allow', resource: 'shop:orders', actions: ['read'] };
    const small = 'resource.properties.owner == subject.id && resource.properties.amount < 100';
    const tests = [
      { name: 'own', request: order('x', { owner: 'x', amount: 99 }), expect: 'allow' },
      { name: 'dear', request: order('x', { owner: 'x', amount: 100 }), expect: 'deny' },
    ];
    const wrong = { rules: [{ ...rule, when: 'resource.properties.ownr == subject.id' }], tests };
    expect((await admin.post('/policies/check', wrong)).body.faults).toEqual([
      {
        path: '/rules/0/when',
        line: 1,
        column: 21,
        message: 'resource `shop:orders` has no attribute `ownr`; it has owner, amount',
      },
    ]);
    await publish('orders', { rules: [{ ...rule, when: small }], tests });
    const may = async (question: object) => (await ask(question)).body.decision;
    expect(await may(order(agent.userId, { owner: agent.userId, amount: 7 }))).toBe(true);
    expect(await may(order(agent.userId, { owner: agent.userId, amount: 700 }))).toBe(false);
    expect(await may(order(agent.userId, { owner: agent.userId, amount: '7' }))).toBe(false);
    expect(await may(order(agent.userId, { owner: 'x', amount: 7 }))).toBe(false);
    // Administrators hold what is registered.
    expect(await may(order(admin.userId, {}, 'cancel'))).toBe(true);
    expect(await may(order(agent.userId, {}, 'cancel'))).toBe(false);
  });
});

describe('evaluations', () => {
  const decisions = (answer: { body: Record<string, unknown> }) =>
    (answer.body.evaluations as { decision: boolean }[]).map(({ decision }) => decision);

  it('take what they leave away from the top, each in its place', async () => {
    const top = {
      subject: { type: 'user', id: agent.userId },
      action: { name: 'read' },
      resource: { type: 'tickets' },
    };
    const evaluations = [
      { resource: { id: '7' } },
      { resource: { type: 'invoices', id: '7' } },
      { resource: { id: '8' }, action: { name: 'close' } },
      { resource: { id: '8' }, subject: { type: 'user', id: newId() } },
      {},
      { resource: 'x' },
    ];
    const answer = await askAll({ ...top, evaluations });
    expect(answer.status, answer.text).toBe(200);
    expect(decisions(answer)).toEqual([true, false, true, false, false, false]);
    expect(answer.body.decision).toBeUndefined();
    expect((answer.body.evaluations as object[]).slice(4)).toEqual([
      { decision: false, context: { error: { status: 400, message: 'resource.id must be a string' } } },
      { decision: false, context: { error: { status: 400, message: 'resource must be an object' } } },
    ]);
  });

  it('stop where the semantics say so', async () => {
    const evaluations = ['read', 'approve', 'close', 'fly'].map((name) => ({ action: { name } }));
    const asked = (semantic?: string) =>
      askAll({
        ...about(agent.userId),
        evaluations,
        ...(semantic && { options: { evaluations_semantic: semantic, another: 1 } }),
      });
    expect(decisions(await asked())).toEqual([true, false, true, false]);
    expect(decisions(await asked('execute_all'))).toEqual([true, false, true, false]);
    expect(decisions(await asked('deny_on_first_deny'))).toEqual([true, false]);
    expect(decisions(await asked('permit_on_first_permit'))).toEqual([true]);
    expect((await asked('whatever')).status).toBe(400);
  });

  it('without any are one question', async () => {
    for (const more of [{}, { evaluations: [] }])
      expect((await askAll({ ...about(agent.userId), ...more })).body.decision).toBe(true);
    expect((await askAll({ evaluations: Array.from({ length: 101 }, () => ({})) })).status).toBe(400);
  });

  it('mix up no context of one with that of another', async () => {
    await publish('closed', denyTickets);
    const evaluations = Array.from({ length: 50 }, (_, n) => ({ context: { closed: n % 2 === 0 } }));
    expect(decisions(await askAll({ ...about(agent.userId), evaluations }))).toEqual(
      evaluations.map(({ context }) => !context.closed),
    );
  });
});

describe('the decision log', () => {
  const logged = async (query = '') => itemsOf(await admin.get(`/decisions?limit=200${query}`));
  it('has what was asked, the denials too, and where the shadow would have decided otherwise', async () => {
    await publish('closed', denyTickets, 'shadow');
    const question = { ...about(agent.userId), context: { closed: true } };
    expect((await ask(question)).body.decision).toBe(true);
    await ask(about(agent.userId, 'read', 'invoices'));
    await expect.poll(async () => (await logged('&permission=tickets:read')).length).toBe(2);
    const rows = await logged('&permission=tickets:read');
    expect(rows).toContainEqual(
      expect.objectContaining({
        decision: 'permit',
        resource: 'tickets 7',
        reason: expect.stringContaining('SUPPORT_AGENT'),
      }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({
        decision: 'deny',
        policyVersion: expect.stringMatching(/^shadow /),
        reason: expect.stringContaining('would be: rule closed of policy closed, version 1 denies it'),
      }),
    );
    expect(await logged('&permission=invoices:read')).toMatchObject([{ decision: 'deny' }]);
  });

  it('loses nobody’s entry to an id that no database can store', async () => {
    const odd = { ...about(agent.userId), resource: { type: 'tickets', id: `a\u0000b${'😀'.repeat(300)}` } };
    expect((await ask(odd)).body.decision).toBe(true);
    await ask(about(agent.userId, 'close'));
    await expect.poll(async () => (await logged('&permission=tickets:close')).length).toBe(1);
    expect(await logged('&permission=tickets:read')).toMatchObject([
      { resource: expect.stringMatching(/^tickets a\uFFFDb/) },
    ]);
    expect((await agent.get('/decisions')).status).toBe(403);
  });
});

describe('a policy that denies everything', () => {
  it('locks nobody out of Gatehouse itself', async () => {
    const rules = ['policies', 'users', 'settings', 'roles'].map((resource) => ({
      id: resource,
      effect: 'deny',
      resource,
      actions: ['read'],
    }));
    const tests = [{ name: 'nobody', request: about('x', 'read', 'policies'), expect: 'deny' }];
    const id = await publish('nothing', { rules, tests });
    expect((await ask(about(admin.userId, 'read', 'policies'))).body.decision).toBe(false);
    expect((await admin.get('/policies')).status).toBe(200);
    expect((await admin.delete(`/policies/${id}`)).status).toBe(204);
    expect((await ask(about(admin.userId, 'read', 'policies'))).body.decision).toBe(true);
  });
});
