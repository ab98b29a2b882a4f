import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, itemsOf } from '../../../test/people.fixture.ts';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';
import { newId } from '../../platform/ids.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('the audit trail', () => {
  it('shows who asked for a tenant that is not theirs, whether it exists or not', async () => {
    const [own, other] = [await addTenant(gatehouse), await addTenant(gatehouse)];
    const caller = await addCaller(gatehouse, own, 'admin');
    for (const id of [other, newId()]) expect((await caller.get(`/tenants/${id}/users`)).status).toBe(404);
    const seen = itemsOf(await caller.get('/audit?action=authorization_denied'));
    expect(seen).toHaveLength(2);
    for (const record of seen)
      expect(record).toMatchObject({
        actor: { id: caller.userId },
        resource: { type: 'route', id: 'GET /api/v1/tenants/:tenantId/users' },
        after: { code: 'resource.not_found' },
      });
    expect(await gatehouse.sql('select from gatehouse.audit_records where tenant_id = $1', [other])).toEqual(
      [],
    );
  });

  it('shows a right password at a client of another tenant', async () => {
    const acme = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    await acme.post('/clients', { clientId: 'acme-app', name: 'Acme app', kind: 'native' });
    const refused = await gatehouse.browser().post('/api/v1/auth/login', { ...ADMIN, client: 'acme-app' });
    expect(refused.body.code).toBe('auth.client_not_allowed');
    const admin = await gatehouse.admin();
    const [seen] = itemsOf(await admin.get('/api/v1/audit?action=failed_login'));
    expect(seen).toMatchObject({ after: { email: ADMIN.email, verdict: 'client' } });
  });
});

describe('GET /api/v1/audit', () => {
  it.each(['from', 'to'])('refuses a moment that no clock here shows as %s', async (bound) => {
    const admin = await gatehouse.admin();
    const ask = (time: string) => admin.get(`/api/v1/audit?${bound}=${encodeURIComponent(time)}`);
    const answer = await ask('2016-12-31T23:59:60Z');
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    expect((await ask('2026-11-21T10:00:00+02:00')).status).toBe(200);
  });
});
