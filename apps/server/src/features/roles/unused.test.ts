import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import {
  addPerson,
  call,
  type Person,
  registerTenant,
  signIn,
} from '../../../test/standing/people.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Person;
let agent: Person;
let idle: Person;
let key: string;

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  ({ tenantId } = await registerTenant(gatehouse, 'Acme', 'first@acme.example'));
  admin = await addPerson(gatehouse, tenantId, ['admin']);
  agent = await addPerson(gatehouse, tenantId, []);
  idle = await addPerson(gatehouse, tenantId, ['SUPPORT_AGENT']);
  for (const role of ['SUPPORT_AGENT', 'EXECUTIVE'])
    await as(admin, 'POST', '/role-assignments', { principalId: agent.principalId, role });
  const group = String((await as(admin, 'POST', '/groups', { name: 'Auditors' })).body.id);
  await as(admin, 'POST', '/role-assignments', { principalId: group, role: 'SECURITY_ANALYST' });
  for (const { principalId } of [agent, idle])
    await as(admin, 'POST', `/groups/${group}/members`, { principalId });
  await as(admin, 'POST', '/roles', {
    name: 'scripter',
    title: 'Scripter',
    permissions: ['api_keys:create'],
  });
  const maker = await as(admin, 'POST', '/role-assignments', {
    principalId: agent.principalId,
    role: 'scripter',
  });
  key = String((await as(agent, 'POST', '/api-keys', { name: 'A script', scopes: ['roles:read'] })).body.key);
  await as(admin, 'DELETE', `/role-assignments/${String(maker.body.id)}`);
});
afterAll(() => gatehouse.close());

const as = (who: Person, method: string, url: string, body?: unknown) =>
  call(gatehouse, who.token, { method, url: `/api/v1${url}`, body });
/** Days go by, and whoever is named signs in anew. */
async function pass(days: number, ...whose: Person[]): Promise<void> {
  gatehouse.clock.advance({ hours: days * 24 });
  for (const who of whose) who.token = (await signIn(gatehouse, tenantId, who.userId)).accessToken;
}
const unused = async (query = '') => {
  const answer = await as(admin, 'GET', `/roles/unused${query}`);
  expect(answer.status, answer.text).toBe(200);
  return (
    answer.body.items as {
      principalId: string;
      group: { name: string } | null;
      roles: string[];
      lastUsedOn: string | null;
    }[]
  ).map(({ principalId, group, roles, lastUsedOn }) => {
    const who =
      principalId === agent.principalId ? 'agent' : principalId === idle.principalId ? 'idle' : 'other';
    return `${who} ${group?.name ?? 'itself'} ${roles.join()} ${lastUsedOn ?? 'never'}`;
  });
};
const ofPeople = (rows: string[]) => rows.filter((row) => !row.startsWith('other')).toSorted();
const stored = () =>
  gatehouse.sql<{ permission: string }>(
    'select permission from gatehouse.permission_uses where principal_id = $1 order by permission',
    [agent.principalId],
  );

describe('grants that nobody uses', () => {
  it('are listed when none of their permissions was used for long enough, directly or by a key', async () => {
    expect(await unused()).toEqual([]);
    await pass(60, admin, agent);
    await as(agent, 'GET', '/users');
    await as(agent, 'GET', '/users');
    expect((await call(gatehouse, key, { method: 'GET', url: '/api/v1/roles' })).status).toBe(200);
    await gatehouse.server.deps.permissionUses.flush();
    expect((await stored()).map(({ permission }) => permission)).toEqual([
      'api_keys:create',
      'roles:read',
      'users:read',
    ]);
    expect(await unused()).toEqual([]);
    await pass(31, admin);
    expect(ofPeople(await unused())).toEqual([
      'agent itself EXECUTIVE never',
      'idle Auditors SECURITY_ANALYST never',
      'idle itself SUPPORT_AGENT never',
    ]);
    const day = new Date(gatehouse.clock.now().getTime() - 31 * 86_400_000).toISOString().slice(0, 10);
    expect(ofPeople(await unused('?days=20'))).toEqual([
      `agent Auditors SECURITY_ANALYST ${day}`,
      'agent itself EXECUTIVE never',
      `agent itself SUPPORT_AGENT ${day}`,
      'idle Auditors SECURITY_ANALYST never',
      'idle itself SUPPORT_AGENT never',
    ]);
  });

  it('come in pages that are one list, and are for whoever reads roles', async () => {
    const all = await unused('?days=20');
    const seen: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const answer = await as(
        admin,
        'GET',
        `/roles/unused?days=20&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...(answer.body.items as unknown[]));
      cursor = answer.body.nextCursor as string | null;
    }
    expect(seen).toHaveLength(all.length);
    expect((await as(admin, 'GET', '/roles/unused?days=0')).status).toBe(400);
    await pass(0, idle);
    await as(admin, 'DELETE', `/groups/${await groupId()}/members/${idle.principalId}`);
    expect((await as(idle, 'GET', '/roles/unused')).status).toBe(403);
  });

  it('leave no trace of who is gone, and of who was given nothing', async () => {
    const person = await addPerson(gatehouse, tenantId, ['admin']);
    await as(person, 'GET', '/users');
    await gatehouse.sql('delete from gatehouse.users where id = $1', [person.userId]);
    await as(admin, 'GET', '/users');
    await gatehouse.server.deps.permissionUses.flush();
    const of = await gatehouse.sql('select from gatehouse.permission_uses where principal_id = $1', [
      person.principalId,
    ]);
    expect(of).toEqual([]);
    const admins = await gatehouse.sql(`select from gatehouse.permission_uses where principal_id = $1`, [
      admin.principalId,
    ]);
    expect(admins.length).toBeGreaterThan(0);
  });

  const groupId = async () =>
    String(((await as(admin, 'GET', '/groups')).body.items as { id: string }[])[0]?.id);
});
