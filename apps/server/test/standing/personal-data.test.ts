import { PersonalData } from '@gatehouse/contracts';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SealedPersonal } from '../../src/features/audit/audit.repo.ts';
import type { SealedEvidence } from '../../src/features/consents/consents.repo.ts';
import { sealSecret } from '../../src/features/auth/sealed-credentials.ts';
import { SEALED_COLUMNS } from '../../src/features/keys/sealed-columns.ts';
import { createMaintenance } from '../../src/features/maintenance/index.ts';
import { PERSONAL_COLUMNS } from '../../src/features/personal-data/personal-columns.ts';
import { emailKey } from '../../src/platform/email.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../src/platform/ids.ts';
import { addTenant } from '../people.fixture.ts';
import { addOwner, signedIn } from '../recovery.fixture.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { assignRole, PASSWORD, type Person } from './people.fixture.ts';

const ADDRESS = 'Zerlina.Quux@personal.example';
const NAME = 'Zerlina Quux';
const IP = '203.0.113.77';
const AGENT = 'Zerlinas Browser/9';
const NEEDLES = [ADDRESS, ADDRESS.toLowerCase(), NAME, IP, AGENT];

let gatehouse: TestServer;
let person: Person;
let document: PersonalData;

/** Somebody with something in every table that can hold anything of a person. */
async function addEverything(tenantId: TenantId): Promise<Person> {
  const owner = await addOwner(gatehouse, { email: ADDRESS, tenantId });
  await gatehouse.sql('update gatehouse.users set name = $1, email_verified_at = now() where id = $2', [
    NAME,
    owner.userId,
  ]);
  await assignRole(gatehouse, tenantId, owner.principalId, 'SUPPORT_AGENT');
  const connection = newId();
  await gatehouse.sql(
    `insert into gatehouse.connections (tenant_id, id, kind, name, issuer, created_at, updated_at) values ($1, $2, 'oidc', 'Theirs', 'https://id.example', now(), now())`,
    [tenantId, connection],
  );
  await gatehouse.sql(
    `insert into gatehouse.external_identities (tenant_id, id, connection_id, connection_tenant_id, issuer, subject, user_id, created_at) values ($1, $2, $2, $1, 'https://id.example', 'subject-77', $3, now())`,
    [tenantId, connection, owner.userId],
  );
  const elsewhere = await addTenant(gatehouse, { name: 'Elsewhere' });
  const guest = newId();
  await gatehouse.sql(
    `insert into gatehouse.principals (tenant_id, id, kind, created_at) values ('${elsewhere}', '${guest}', 'member', now());
     insert into gatehouse.memberships (tenant_id, id, user_tenant_id, user_id, created_at) values ('${elsewhere}', '${guest}', '${tenantId}', '${owner.userId}', now())`,
  );
  const browser = gatehouse.browser({ ip: IP, userAgent: AGENT });
  const credentials = { email: ADDRESS, password: PASSWORD };
  await browser.post('/api/v1/auth/login', { ...credentials, password: 'Wrong-Pass-1' });
  const signIn = await browser.post('/api/v1/auth/login', credentials);
  expect(signIn.status, signIn.text).toBe(200);
  const ended = gatehouse.browser({ ip: IP, userAgent: AGENT });
  await ended.post('/api/v1/auth/login', credentials);
  await ended.post('/api/v1/auth/logout');
  const sealed = sealSecret(gatehouse.server.deps.sealer, 'backup_code', owner, Buffer.from('hash'));
  await gatehouse.sql(
    `insert into gatehouse.credentials (tenant_id, id, user_id, kind, secret_sealed, label, created_at, updated_at)
     values ($1, $2, $3, 'backup_code', $4, 'The blue phone', now(), now())`,
    [tenantId, newId(), owner.userId, sealed],
  );
  await gatehouse.sql(
    `insert into gatehouse.remembered_devices (tenant_id, id, user_id, secret_hash, user_agent, created_at, expires_at)
     values ($1, $2, $3, '\\x00', $4, now(), now() + interval '1 day')`,
    [tenantId, newId(), owner.userId, AGENT],
  );
  await gatehouse.sql(
    `with p as (insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, $2, 'api_key', now()) returning *)
     insert into gatehouse.api_keys (tenant_id, id, owner_id, name, hash, shown_as, scopes, allowed_addresses, created_by, created_at)
     select tenant_id, id, $3, 'Of Zerlina', sha256('key'), 'cf_dev_…abcd', '{users:read}', '{203.0.113.0/24}', $3, now() from p`,
    [tenantId, newId(), owner.principalId],
  );
  const group = newId();
  await gatehouse.sql(
    `with p as (insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, $2, 'group', now()) returning id),
       g as (insert into gatehouse.groups (tenant_id, id, name, description, created_at, updated_at) select $1, id, 'Bookkeepers', '', now(), now() from p returning id)
     insert into gatehouse.group_members (tenant_id, group_id, principal_id, added_at)
       select $1, g.id, m.id, now() from g, gatehouse.memberships m where m.tenant_id = $1 and m.user_id = $3`,
    [tenantId, group, owner.userId],
  );
  await browser.post('/api/v1/account/consents', { purpose: 'product-news', version: '2026-11' });
  await browser.post('/api/v1/account/consents/withdraw', { purpose: 'product-news' });
  const asked = await browser.post('/api/v1/auth/email/change', {
    newEmail: `new-${ADDRESS}`,
    password: PASSWORD,
  });
  expect(asked.status, asked.text).toBe(202);
  await browser.post('/api/v1/auth/password/forgot', { email: ADDRESS });
  return owner;
}

beforeAll(async () => {
  gatehouse = await startServer();
  person = await addEverything(await addTenant(gatehouse, { name: 'Home' }));
  const browser = await signedIn(gatehouse, { email: ADDRESS });
  const answer = await browser.post('/api/v1/account/export');
  if (answer.status !== 200) throw new Error(answer.text);
  document = answer.body as unknown as PersonalData;
});
afterAll(() => gatehouse.close());

/** Columns that can hold content, by table; partitions are their parents. */
const contentColumns = () =>
  gatehouse.sql<{ table: string; column: string; type: string }>(
    `select c.relname as "table", a.attname as "column", format_type(a.atttypid, null) as type
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and not (format_type(a.atttypid, null) = any (array['uuid', 'uuid[]', 'timestamp with time zone', 'integer', 'bigint', 'smallint', 'boolean', 'xid8']))
     order by 1, 2`,
  );

const named = (table: string, column: string) => `${table}.${column}`;
const places = () =>
  Object.entries(PERSONAL_COLUMNS).flatMap(([table, columns]) =>
    Object.entries(columns).map(([column, place]) => ({ table, column, place })),
  );

/** Every value at a path such as `sessions[].ip`. */
const valuesAt = (path: string): unknown[] =>
  path.split('.').reduce<unknown[]>(
    (found, step) => {
      const name = step.replace('[]', '');
      const next = found.map((value) => (value as Record<string, unknown> | null)?.[name]);
      return step.endsWith('[]') ? next.flat() : next;
    },
    [document],
  );

describe('every column that can hold something of a person', () => {
  it('has a place in the export, or a reason not to: add it to features/personal-data/personal-columns.ts', async () => {
    const real = (await contentColumns()).map(({ table, column }) => named(table, column));
    expect(
      places()
        .map(({ table, column }) => named(table, column))
        .sort(),
    ).toEqual(real.sort());
    const reasons = places().flatMap(({ place }) => ('out' in place ? [place.out] : []));
    expect(reasons.filter((reason) => reason.length < 10)).toEqual([]);
  });

  it('is in the export at that place, as it stands in the database', async () => {
    expect([...Compile(PersonalData).Errors(document)]).toEqual([]);
    const of: Record<string, string> = {
      users: 'id = $1',
      api_keys:
        'owner_id = (select id from gatehouse.memberships where user_id = $1 and tenant_id = user_tenant_id)',
      login_identifiers: 'user_id = $1',
      sessions: 'user_id = $1',
      external_identities: 'user_id = $1',
      credentials: 'user_id = $1',
      remembered_devices: 'user_id = $1',
      consents: 'user_id = $1',
      one_time_tokens: 'subject_id = $1',
      role_assignments:
        'principal_id = (select id from gatehouse.memberships where user_id = $1 and tenant_id = user_tenant_id)',
      principals:
        'id = (select id from gatehouse.memberships where user_id = $1 and tenant_id = user_tenant_id)',
      tenants: 'id = (select tenant_id from gatehouse.users where id = $1)',
      roles: `name = 'SUPPORT_AGENT' and $1::text is not null`,
      groups:
        'id in (select g.group_id from gatehouse.group_members g join gatehouse.memberships m on m.id = g.principal_id where m.user_id = $1)',
      audit_records: `action not in ('data_exported') and (actor_id = $1 or (resource_type = 'user' and resource_id = $1::text))`,
    };
    const types = new Map(
      (await contentColumns()).map(({ table, column, type }) => [named(table, column), type]),
    );
    for (const { table, column, place } of places()) {
      if (!('in' in place)) continue;
      const there = valuesAt(place.in).filter((value) => value !== null && value !== undefined);
      expect(there, `${table}.${column} at ${place.in}`).not.toEqual([]);
      if (!['text', 'text[]'].includes(types.get(named(table, column)) ?? '')) continue;
      const rows = await gatehouse.sql<{ value: string | string[] | null }>(
        `select ${column} as value from gatehouse.${table} where ${of[table] ?? 'false'}`,
        [person.userId],
      );
      const stored = rows.flatMap(({ value }) => value ?? []);
      expect(stored, `${table}.${column} has a row of the person`).not.toEqual([]);
      expect(there.flat(), `${table}.${column} at ${place.in}`).toEqual(expect.arrayContaining(stored));
    }
    expect(document.membershipsElsewhere).toMatchObject([{ tenantName: 'Elsewhere' }]);
    expect(valuesAt('sessions[].ip')).toContain(IP);
    expect(valuesAt('consents[].userAgent')).toContain(AGENT);
    expect(valuesAt('records[].userAgent')).toContain(AGENT);
  });
});

/**
 * Where one of the person's values stands, sealed or not: `table.column`. The master key and every other key are at hand. Left out
 * is the limiter, which counts network addresses as such, whoever used them, and forgets each within the hour.
 */
async function whereFound(): Promise<string[]> {
  const found = new Set<string>();
  const look = (place: string, text: string) => {
    if (NEEDLES.some((needle) => text.toLowerCase().includes(needle.toLowerCase()))) found.add(place);
  };
  for (const { table, column, type } of await contentColumns()) {
    if (table === 'rate_limits') continue;
    const text = type === 'bytea' ? `encode(${column}, 'escape')` : `${column}::text`;
    const rows = await gatehouse.sql<{ text: string }>(
      `select ${text} as text from gatehouse.${table} where ${column} is not null`,
    );
    for (const row of rows) look(named(table, column), row.text);
  }
  const { sealer, subjectKeys, doors } = gatehouse.server.deps;
  for (const of of SEALED_COLUMNS) {
    const columns = [...Object.keys(of.key), ...(of.also ?? [])].map((name) => `${name}::text as ${name}`);
    const rows = await gatehouse.sql<Record<string, string>>(
      `select ${columns.join(', ')}, ${of.column} as sealed from gatehouse.${of.table} where ${of.column} <> ''`,
    );
    for (const row of rows)
      look(
        `${of.table}.${of.column} unsealed`,
        sealer.open(String(row.sealed), of.context(row)).toString('utf8'),
      );
  }
  // Through the doors, as a job over all tenants could: whatever any key that is left opens.
  await doors.asSystem('standing test', async (tx) => {
    const records = await gatehouse.sql<{ personal: SealedPersonal }>(
      'select personal from gatehouse.audit_records',
    );
    for (const { personal } of records)
      for (const [hash, { t, s, f, c }] of Object.entries(personal)) {
        const opened = await subjectKeys.open(tx, { tenantId: t as TenantId, id: s }, f, hash, c);
        if (opened) look('audit_records.personal unsealed', opened.value);
      }
    const consents = await gatehouse.sql<{ tenant_id: TenantId; user_id: string; evidence: SealedEvidence }>(
      'select tenant_id, user_id, evidence from gatehouse.consents where evidence is not null',
    );
    for (const { tenant_id, user_id, evidence } of consents) {
      const subject = { tenantId: tenant_id, id: user_id };
      const opened = await subjectKeys.open(tx, subject, 'consent', evidence.h, evidence.c);
      if (opened) look('consents.evidence unsealed', opened.value);
    }
  });
  return [...found].sort();
}

describe('after an erasure', () => {
  it('no table has the address, the name or where the person came from, with every key at hand', async () => {
    expect(await whereFound()).toEqual([
      'audit_records.personal unsealed',
      'consents.evidence unsealed',
      'login_identifiers.email_key',
      'one_time_tokens.payload_sealed unsealed',
      'outbox.payload_sealed unsealed',
      'remembered_devices.user_agent',
      'sessions.ip',
      'sessions.user_agent',
      'users.email',
      'users.email_key',
      'users.name',
      'users.name_key',
    ]);
    const browser = await signedIn(gatehouse, { email: ADDRESS });
    expect((await browser.post('/api/v1/account/erase')).status).toBe(204);
    // The last mail tells the person; until it has left it is sealed, and all there is.
    expect(await whereFound()).toEqual(['outbox.payload_sealed unsealed']);
    expect(await gatehouse.sql('select from gatehouse.outbox where delivered_at is null')).toHaveLength(1);
    await gatehouse.deliverMail();
    expect(await whereFound()).toEqual([]);
    const [rows] = await gatehouse.sql<{ throttles: number; limits: number; addresses: number }>(
      `select (select count(*)::int from gatehouse.login_throttles) as throttles,
         (select count(*)::int from gatehouse.rate_limits where strpos(key, $1) > 0) as limits,
         (select count(*)::int from gatehouse.outbox where address is not null) as addresses`,
      [gatehouse.server.deps.blindIndex.of('mail address', emailKey(ADDRESS)).toString('base64url')],
    );
    expect(rows).toEqual({ throttles: 0, limits: 0, addresses: 0 });
  });

  it('an address that was typed before there was an account is gone with the key of its day', async () => {
    await gatehouse.browser({ ip: IP, userAgent: AGENT }).post('/api/v1/auth/login', {
      email: ADDRESS,
      password: 'Wrong-Pass-1',
    });
    expect(await whereFound()).toEqual(['audit_records.personal unsealed']);
    gatehouse.clock.advance({ days: 31 });
    await createMaintenance(gatehouse.server.deps).run();
    const [key] = await gatehouse.sql<{ subject_id: string }>(
      `select subject_id from gatehouse.subject_keys where tenant_id = $1 and starts_with(subject_id, 'day ')`,
      [ROOT_TENANT],
    );
    expect(key).toBeUndefined();
    const another = await startServer({
      database: gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1'),
      clock: gatehouse.clock,
    });
    const before = gatehouse;
    gatehouse = another;
    expect(await whereFound()).toEqual([]);
    gatehouse = before;
    await another.close();
  });
});
