import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dbDir, rootDir } from '../../src/cli/folders.ts';
import { startServer, type TestServer } from '../server.fixture.ts';

/** What the migrated database itself says, whatever the files that made it were meant to say. */
describe('the catalog of the database', () => {
  let gatehouse: TestServer;
  beforeAll(async () => void (gatehouse = await startServer()));
  afterAll(() => gatehouse.close());

  const RUNTIME = ['login', 'app', 'system', 'lookup', 'session', 'granter', 'sealer', 'retention'].map(
    (name) => `gatehouse_${name}`,
  );

  /** Tables and partitions alike. */
  const tables = () =>
    gatehouse.sql<{ name: string; partition: boolean; secured: boolean; forced: boolean; tenant: boolean }>(
      `select c.relname as name, c.relispartition as partition, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
         exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as tenant
       from pg_class c where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    );
  const policies = () =>
    gatehouse.sql<{
      table: string;
      name: string;
      command: string;
      roles: string[];
      reads: string | null;
      writes: string | null;
    }>(
      `select tablename as "table", policyname as name, cmd as command, roles::text[] as roles, qual as reads, with_check as writes
       from pg_policies where schemaname = 'gatehouse'`,
    );

  it('has row security enabled and forced on every table and every partition [threat 15] [threat 16]', async () => {
    const all = await tables();
    expect(all.length).toBeGreaterThan(20);
    expect(all.some(({ partition }) => partition)).toBe(true);
    expect(all.filter(({ secured, forced }) => !secured || !forced)).toEqual([]);
  });

  it('holds every write of the application to the entered tenant by WITH CHECK [threat 15]', async () => {
    const ofTenants = new Set((await tables()).filter(({ tenant }) => tenant).map(({ name }) => name));
    const granted = await gatehouse.sql<{ table: string; privilege: string }>(
      `select table_name as "table", privilege_type as privilege from information_schema.role_table_grants
       where table_schema = 'gatehouse' and grantee = 'gatehouse_app' and privilege_type in ('INSERT', 'UPDATE')`,
    );
    const checks = (await policies()).filter(({ roles }) => roles.includes('gatehouse_app'));
    const written = granted.filter(({ table }) => ofTenants.has(table));
    expect(written.length).toBeGreaterThan(15);
    for (const { table, privilege } of written) {
      const held = checks.filter(
        (policy) => policy.table === table && [privilege, 'ALL'].includes(policy.command),
      );
      expect(held, `${table} ${privilege}`).not.toEqual([]);
      for (const { writes, name } of held)
        expect(writes, `${table} ${name}`).toMatch(/(current|actor|subject)_tenant\(\)/);
    }
  });

  it('lets the application read nothing that is not tied to the entered tenant [threat 15]', async () => {
    const reading = (await policies()).filter(
      ({ roles, command }) =>
        roles.includes('gatehouse_app') && ['SELECT', 'UPDATE', 'DELETE', 'ALL'].includes(command),
    );
    expect(reading.length).toBeGreaterThan(15);
    for (const { table, name, reads } of reading)
      expect(reads, `${table} ${name}`).toMatch(/(current|actor|subject)_tenant\(\)/);
    const forEverybody = (await policies()).filter(({ roles }) => roles.includes('public'));
    expect(forEverybody).toEqual([]);
  });

  it('has no view that would read with the rights of its owner [threat 16]', async () => {
    const views = await gatehouse.sql(
      `select relname from pg_class where relnamespace = 'gatehouse'::regnamespace and relkind in ('v', 'm')
       and not coalesce(reloptions::text[] @> array['security_invoker=true'], false)`,
    );
    expect(views).toEqual([]);
  });

  it('serves with roles that are bound by row security and can make no role [threat 16]', async () => {
    const roles = await gatehouse.sql<{ name: string; free: boolean; login: boolean; inherits: boolean }>(
      `select rolname as name, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as free,
         rolcanlogin as login, rolinherit as inherits
       from pg_roles where rolname = any($1) order by 1`,
      [[...RUNTIME, 'gatehouse_owner']],
    );
    expect(roles.map(({ name }) => name)).toEqual([...RUNTIME, 'gatehouse_owner'].sort());
    expect(roles.filter(({ free }) => free)).toEqual([]);
    expect(roles.filter(({ login }) => login).map(({ name }) => name)).toEqual(['gatehouse_login']);
    expect(roles.find(({ name }) => name === 'gatehouse_login')?.inherits).toBe(false);
    const becomes = await gatehouse.sql<{ role: string; admin: boolean }>(
      `select r.rolname as role, m.admin_option as admin from pg_auth_members m join pg_roles r on r.oid = m.roleid
       where m.member = any (select oid from pg_roles where rolname = any($1)) order by 1`,
      [RUNTIME],
    );
    expect(becomes).toEqual([
      { role: 'gatehouse_app', admin: false },
      { role: 'gatehouse_system', admin: false },
    ]);
  });

  it('is read as a whole by one role only, for copies: it writes nothing, and nobody who serves becomes it [threat 16]', async () => {
    const reader = 'gatehouse_backup';
    const unread = await gatehouse.sql(
      `select c.relname from pg_class c where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and not (has_table_privilege($1::name, c.oid, 'select') and exists (select from pg_policies p where p.schemaname = 'gatehouse'
         and p.tablename = c.relname and p.cmd = 'SELECT' and p.roles = array[$1::name] and p.qual = 'true'))`,
      [reader],
    );
    expect(unread).toEqual([]);
    const written = await gatehouse.sql(
      `select c.relname from pg_class c where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p')
       and has_table_privilege($1::name, c.oid, 'insert,update,delete,truncate,references,trigger')`,
      [reader],
    );
    expect(written).toEqual([]);
    const [role] = await gatehouse.sql<{ free: boolean; member: boolean }>(
      `select rolcanlogin or rolsuper or rolbypassrls or rolcreaterole as free,
         exists (select from unnest($2::text[]) r where pg_has_role(r::name, $1::name, 'member')) as member from pg_roles where rolname = $1::name`,
      [reader, RUNTIME],
    );
    expect(role).toEqual({ free: false, member: false });
  });

  it('gives the login role no table and no column of one, and no runtime role a way to change the schema', async () => {
    const reachable = await gatehouse.sql(
      `select c.relname from pg_class c where c.relnamespace in ('gatehouse'::regnamespace, 'gatehouse_migrations'::regnamespace)
       and case when c.relkind in ('r', 'p', 'v', 'm') then
           has_table_privilege('gatehouse_login', c.oid, 'select,insert,update,delete,truncate,references,trigger')
             or has_any_column_privilege('gatehouse_login', c.oid, 'select,insert,update,references')
         when c.relkind = 'S' then has_sequence_privilege('gatehouse_login', c.oid, 'usage,select,update') end`,
    );
    expect(reachable).toEqual([]);
    const changes = await gatehouse.sql(
      `select r.rolname from pg_roles r where r.rolname = any($1) and (has_schema_privilege(r.rolname, 'gatehouse', 'create')
         or exists (select from pg_class c where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p')
           and (c.relowner = r.oid or has_table_privilege(r.rolname, c.oid, 'truncate,references,trigger'))))`,
      [RUNTIME],
    );
    expect(changes).toEqual([]);
  });

  it('runs with an owner’s rights exactly the functions that docs/security/rls-exceptions.md lists', async () => {
    const page = readFileSync(join(rootDir, 'docs', 'security', 'rls-exceptions.md'), 'utf8');
    const listed = [...page.matchAll(/^\| `([a-z_]+\(.*?\))` \| `(\w+)` \| (.*?) \|/gm)].map(
      ([, name, owner, executors]) => ({
        name,
        owner,
        executors: executors
          ?.split(', ')
          .map((role) => role.replaceAll('`', ''))
          .filter((role) => role !== 'nobody')
          .sort(),
      }),
    );
    const real = await gatehouse.sql<{ name: string; owner: string; executors: string[] }>(
      `select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name, o.rolname as owner,
         (select coalesce(array_agg(x.grantee::regrole::text order by x.grantee::regrole::text), '{}')
           from aclexplode(p.proacl) x where x.grantee <> p.proowner) as executors
       from pg_proc p join pg_roles o on o.oid = p.proowner
       where p.pronamespace = 'gatehouse'::regnamespace and p.prosecdef`,
    );
    const withoutNames = real.map(({ name, ...rest }) => ({
      ...rest,
      name: name.replaceAll(/\b[pP]_\w+ /g, '').replaceAll('timestamp with time zone', 'timestamptz'),
    }));
    const byName = (a: { name: string | undefined }, b: { name: string | undefined }) =>
      String(a.name).localeCompare(String(b.name));
    expect(withoutNames.sort(byName)).toEqual(listed.sort(byName));
  });

  it('pins the search path of every function, and lets PUBLIC execute none', async () => {
    const functions = await gatehouse.sql<{
      name: string;
      definer: boolean;
      path: string | null;
      open: boolean;
      free: boolean;
    }>(
      `select p.proname as name, p.prosecdef as definer,
         (select s from unnest(p.proconfig) s where s like 'search_path=%') as path,
         exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x where x.grantee = 0) as open,
         (select o.rolsuper or o.rolbypassrls from pg_roles o where o.oid = p.proowner) as free
       from pg_proc p where p.pronamespace = 'gatehouse'::regnamespace`,
    );
    expect(functions.length).toBeGreaterThan(10);
    expect(functions.filter(({ open, free }) => open || free)).toEqual([]);
    // One expression of qualified names, which the planner inlines: a SET clause would forbid that.
    const inlined = functions.filter(({ name }) => name === 'current_tenant');
    expect(inlined).toEqual([expect.objectContaining({ definer: false, path: null })]);
    for (const { name, definer, path } of functions.filter((each) => !inlined.includes(each)))
      expect(path, name).toMatch(
        definer ? /^search_path=pg_catalog, gatehouse, pg_temp$/ : /^search_path=pg_catalog/,
      );
  });

  it('lets nobody change an audit record, not even the owner of the table, and nobody but retention remove one', async () => {
    const able = await gatehouse.sql<{ rolname: string; relname: string }>(
      `select r.rolname, c.relname from pg_roles r, pg_class c
       where c.relname ~ '^(audit_records|decisions)' and c.relkind in ('r', 'p') and not r.rolsuper and r.oid <> c.relowner
         and r.rolname like 'gatehouse\\_%' and (has_table_privilege(r.rolname, c.oid, 'update,delete,truncate')
           or has_any_column_privilege(r.rolname, c.oid, 'update'))`,
    );
    // Nobody becomes gatehouse_retention: what it may is what its functions do.
    expect(able.map(({ rolname, relname }) => `${rolname} ${relname}`).sort()).toEqual([
      'gatehouse_retention audit_records',
      'gatehouse_retention decisions',
    ]);
    const changing = await gatehouse.sql(
      `select c.relname from pg_class c where c.relname ~ '^(audit_records|decisions|audit_seals)' and c.relkind in ('r', 'p')
         and (has_table_privilege('gatehouse_retention', c.oid, 'insert,update,truncate') or has_any_column_privilege('gatehouse_retention', c.oid, 'insert,update'))`,
    );
    expect(changing).toEqual([]);
    const before = await gatehouse.sql<{ n: string }>('select count(*) as n from gatehouse.audit_records');
    expect(Number(before[0]?.n)).toBeGreaterThan(0);
    const parts = (await tables()).filter(({ name }) => name.startsWith('audit_records'));
    for (const { name } of parts) {
      await gatehouse.sql(`begin; set local role gatehouse_owner; delete from gatehouse.${name}; commit`);
      await gatehouse.sql(
        `begin; set local role gatehouse_owner; update gatehouse.${name} set action = 'nothing'; commit`,
      );
    }
    const after = await gatehouse.sql<{ n: string }>(
      `select count(*) as n from gatehouse.audit_records where action <> 'nothing'`,
    );
    expect(after).toEqual(before);
  });

  it('ties rows to their tenant by key: a foreign key between tenant tables holds the tenant, too', async () => {
    const loose = await gatehouse.sql<{ key: string }>(
      `select k.conrelid::regclass || '.' || k.conname as key from pg_constraint k
       where k.contype = 'f' and k.connamespace = 'gatehouse'::regnamespace
         and k.confrelid <> 'gatehouse.tenants'::regclass
         and exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'tenant_id')
         and not exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'tenant_id' and a.attnum = any (k.confkey))
       order by 1`,
    );
    // Built-in roles belong to no tenant, so that their key cannot hold one; grant_role() and policies tie these two.
    expect(loose.map(({ key }) => key)).toEqual([
      'gatehouse.role_assignments.role_assignments_role_id_fkey',
      'gatehouse.role_permissions.role_permissions_role_id_fkey',
    ]);
  });

  it('has one row-security file for each table', async () => {
    const files = readdirSync(join(dbDir, 'policies')).map((name) => name.replace('.sql', ''));
    const names = (await tables()).filter(({ partition }) => !partition).map(({ name }) => name);
    expect(files.sort()).toEqual(names);
  });

  it('refers from table to table in no circle, or a copy could not be put back', async () => {
    const references = await gatehouse.sql<{ from: string; to: string }>(
      `select distinct f.relname as "from", t.relname as "to" from pg_constraint k
         join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
       where k.contype = 'f' and k.connamespace = 'gatehouse'::regnamespace and k.conparentid = 0 and f.oid <> t.oid`,
    );
    let left = references;
    for (let before = Infinity; left.length < before; ) {
      before = left.length;
      left = left.filter(({ to }) => left.some(({ from }) => from === to));
    }
    expect(left).toEqual([]);
  });
});
