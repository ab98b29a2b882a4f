import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  tenantId = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenantId, 'admin');
  await admin.post('/users', { email: 'ada@customer.example', name: 'Ada' });
});
afterAll(() => gatehouse.close());

const seal = () => gatehouse.server.deps.sealing.run();
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('GET /api/v1/audit/export', () => {
  it('is on record, with what was asked for', async () => {
    await admin.get('/audit/export?format=csv&action=login&fromSeq=3');
    const [seen] = itemsOf(await admin.get('/audit?action=data_exported'));
    expect(seen).toMatchObject({
      actor: { id: admin.userId },
      resource: { type: 'audit' },
      after: { format: 'csv', fromSeq: 3, filter: { action: 'login' } },
    });
  });

  it('is for who may export: reading is not enough', async () => {
    const reader = await addCaller(gatehouse, tenantId, 'admin_viewer');
    expect((await reader.get('/audit?limit=1')).status).toBe(200);
    expect(await reader.get('/audit/export')).toMatchObject({
      status: 403,
      body: { missingPermission: 'audit:export' },
    });
  });

  it('before anything is sealed says so, in a file that proves nothing', async () => {
    const fresh = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const lines = linesOf((await fresh.get('/audit/export')).text);
    expect(lines).toMatchObject([
      { kind: 'export', from: 0, to: 0, checkpoint: null },
      { kind: 'end', records: 0 },
    ]);
    expect(await fresh.get('/audit/checkpoint')).toMatchObject({
      status: 404,
      body: { code: 'resource.not_found' },
    });
  });

  it('has the records of the tenant that was entered, and of no other', async () => {
    await seal();
    const root = await gatehouse.admin();
    const own = linesOf((await root.get('/api/v1/audit/export')).text);
    const entered = linesOf((await root.get(`/api/v1/tenants/${tenantId}/audit/export`)).text);
    const tenantsOf = (lines: Record<string, unknown>[]) =>
      new Set(
        lines
          .filter(({ kind }) => kind === 'record')
          .map(({ entry }) => (entry as { tenantId: string }).tenantId),
      );
    expect(tenantsOf(own)).toEqual(new Set([ROOT_TENANT]));
    expect(tenantsOf(entered)).toEqual(new Set([tenantId]));
    for (const path of ['export', 'checkpoint', 'live'])
      expect((await admin.get(`/tenants/${ROOT_TENANT}/audit/${path}`)).status).toBe(404);
  });

  it.each([
    'format=pdf',
    'fromSeq=-1',
    'fromSeq=1.5',
    'toSeq=x',
    'from=yesterday',
    'correlationId=1',
    'id=1',
  ])('refuses %s', async (query) => {
    expect(await admin.get(`/audit/export?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'request.invalid' },
    });
  });

  it('fits what is searched for, field by field, and numbers beyond the end are no fault', async () => {
    await seal();
    const all = linesOf((await admin.get('/audit/export')).text).filter(({ kind }) => kind === 'record');
    const [created] = all.filter(({ entry }) => (entry as { action: string }).action === 'user_created');
    const entry = created?.entry as {
      correlationId: string;
      resource: { id: string; type: string };
      actor: { id: string };
    };
    for (const [query, least] of [
      [`actor=${entry.actor.id}`, 1],
      [`resourceId=${entry.resource.id}`, 1],
      [`resourceType=${entry.resource.type}&action=user_created`, 1],
      [`correlationId=${entry.correlationId}`, 1],
      ['from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z', all.length],
      ['to=2000-01-01T00:00:00Z', 0],
      [`actor=${newId()}`, 0],
      ['fromSeq=1000000', 0],
    ] as const) {
      const lines = linesOf((await admin.get(`/audit/export?${query}`)).text);
      const records = lines.filter(({ kind }) => kind === 'record');
      expect(records.length, query).toBeGreaterThanOrEqual(least);
      expect(records.length, query).toBeLessThanOrEqual(
        Math.max(least, query.startsWith('actor=') ? all.length : least),
      );
      expect(lines.at(-1)).toEqual({ kind: 'end', records: records.length });
    }
  });

  it('as syslog is one line of RFC 5424 for each record, whatever a browser calls itself', async () => {
    const evil = `evil"]\\ <0>1 - - - - -`;
    await gatehouse
      .browser({ userAgent: evil })
      .post('/api/v1/auth/login', { email: 'root@example.com', password: 'x' });
    await seal();
    const root = await gatehouse.admin();
    const { text, headers } = await root.get('/api/v1/audit/export?format=syslog');
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    const lines = text.trimEnd().split('\n');
    for (const line of lines)
      expect(line).toMatch(
        /^<1(08|09)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ gatehouse - [!-~]{1,32} \[audit@32473( \w+="(\\["\\\]]|[^"\\\]])*")+\] \uFEFF\{.*\}$/,
      );
    expect(lines.find((line) => line.includes('failed_login'))).toContain(
      'userAgent="evil\\"\\]\\\\ <0>1 - - - - -"',
    );
    expect(lines.find((line) => line.includes('failed_login'))).toMatch(/^<108>/);
  });

  it('as OCSF is one event for each record, under the class of its action', async () => {
    const root = await gatehouse.admin();
    await seal();
    const events = linesOf((await root.get('/api/v1/audit/export?format=ocsf')).text);
    const of = (action: string) =>
      events.find(({ unmapped }) => (unmapped as { action: string }).action === action);
    expect(of('login')).toMatchObject({
      class_uid: 3002,
      category_uid: 3,
      activity_id: 1,
      type_uid: 300_201,
      status_id: 1,
      actor: { user: { email_addr: 'root@example.com' } },
      metadata: { version: '1.3.0', log_name: 'audit' },
    });
    expect(of('failed_login')).toMatchObject({ class_uid: 3002, status_id: 2, severity_id: 3 });
    expect(of('oauth_client_created')).toMatchObject({ class_uid: 6003, activity_id: 1, type_uid: 600_301 });
    for (const event of events)
      expect(event).toMatchObject({
        time: expect.any(Number) as number,
        metadata: { uid: expect.any(String) as string },
      });
  });
});
