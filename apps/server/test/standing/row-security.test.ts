import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enterOwn } from '../../src/platform/access/index.ts';
import { createCircuit, createDoors, createPool } from '../../src/platform/database/index.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../src/platform/ids.ts';
import { NO_TRACES } from '../../src/platform/traces/index.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { addPerson, registerTenant } from './people.fixture.ts';
import { populate } from './population.fixture.ts';

const scope = (tenantId: TenantId) => enterOwn({ kind: 'system', tenantId, reason: 'row security suite' });
const TENANTS = 8;
const CONNECTIONS = 24;
const WORKERS = 64;
const TRANSACTIONS = 6000;

/** What the database does for whoever comes through the application's own role. */
describe('row security', () => {
  let gatehouse: TestServer;
  let a: TenantId;
  let b: TenantId;
  beforeAll(async () => {
    gatehouse = await startServer();
    a = (await registerTenant(gatehouse, 'Alpha', 'first@alpha.example')).tenantId;
    b = (await registerTenant(gatehouse, 'Beta', 'first@beta.example')).tenantId;
    await populate(gatehouse, a);
    await populate(gatehouse, b);
  });
  afterAll(() => gatehouse.close());

  /** A connection as the pool has it: logged in as the login role. */
  async function asLogin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: gatehouse.databaseUrl });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
  const tenantTables = async () => {
    const rows = await gatehouse.sql<{ name: string }>(
      `select c.relname as name from pg_class c join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'
       where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    );
    return rows.map(({ name }) => name);
  };
  const code = (error: unknown) => (error as { code?: string }).code;

  it('moves no tenant below another one, nor makes it another type, for nobody', async () => {
    await asLogin(async (client) => {
      for (const change of [`parent_id = '${b}'`, `type = 'partner'`, `id = '${newId()}'`]) {
        for (const tenant of [a, ROOT_TENANT]) {
          await client.query(
            `begin; set local role gatehouse_app; set local gatehouse.tenant_id = '${tenant}'`,
          );
          const error: unknown = await client
            .query(`update gatehouse.tenants set ${change} where id = '${a}'`)
            .catch((e: unknown) => e);
          await client.query('rollback');
          expect(code(error), change).toBe('42501');
        }
      }
    });
  });

  it('raises for a query of the application that has entered no tenant, and answers nothing to the login role', async () => {
    await asLogin(async (client) => {
      for (const table of [...(await tenantTables()), 'tenants']) {
        await client.query('begin; set local role gatehouse_app');
        const error: unknown = await client
          .query(`select * from gatehouse.${table}`)
          .catch((e: unknown) => e);
        await client.query('rollback');
        expect(error, table).toBeInstanceOf(Error);
        // Either no grant at all (outbox, partitions), or the policy's own words.
        expect((error as Error).message, table).toMatch(/no tenant has been entered|permission denied/);
        expect(code(error), table).toBe('42501');
        await expect(client.query(`select * from gatehouse.${table}`), table).rejects.toMatchObject({
          code: '42501',
        });
      }
    });
  });

  it('reads, changes, removes, adds and moves nothing of another tenant, in every tenant table [threat 5]', async () => {
    const tried: string[] = [];
    for (const table of await tenantTables()) {
      const [sample] = await gatehouse.sql<{ row: object }>(
        `select to_jsonb(t) as row from gatehouse.${table} t where tenant_id = $1 limit 1`,
        [b],
      );
      // What is generated cannot be written, whoever tries; everything else can be said.
      const [written] = await gatehouse.sql<{ columns: string }>(
        `select string_agg(quote_ident(attname), ', ') as columns from pg_attribute
         where attrelid = 'gatehouse.${table}'::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      );
      await asLogin(async (client) => {
        const attempt = async (text: string, values: unknown[]) => {
          await client.query(
            `begin; set local role gatehouse_app; set local gatehouse.tenant_id = '${a}';
             set local gatehouse.actor_tenant_id = '${a}'; set local gatehouse.subject_tenant_id = '${a}'`,
          );
          const result = await client.query(text, values).catch((error: unknown) => error);
          await client.query('rollback');
          if (!(result instanceof Error)) return (result as pg.QueryResult).rowCount;
          expect(code(result), `${table}: ${text}: ${result.message}`).toBe('42501');
          return 0;
        };
        const of = `gatehouse.${table}`;
        expect(await attempt(`select 1 from ${of} where tenant_id = $1`, [b]), `read ${table}`).toBe(0);
        expect(
          await attempt(`update ${of} set tenant_id = tenant_id where tenant_id = $1`, [b]),
          `change ${table}`,
        ).toBe(0);
        expect(await attempt(`delete from ${of} where tenant_id = $1`, [b]), `remove ${table}`).toBe(0);
        expect(
          await attempt(`update ${of} set tenant_id = $1 where tenant_id = $2`, [b, a]),
          `move into ${table}`,
        ).toBe(0);
        if (sample === undefined) return;
        expect(
          await attempt(
            `insert into ${of} (${written?.columns}) overriding system value select ${written?.columns} from jsonb_populate_record(null::${of}, $1)`,
            [JSON.stringify(sample.row)],
          ),
          `add to ${table}`,
        ).toBe(0);
        tried.push(table);
      });
    }
    // Tables without a row of a tenant are those of parts that do not exist yet, and partitions of other months.
    expect(tried).toEqual(
      expect.arrayContaining([
        'audit_records',
        'clients',
        'consents',
        'credentials',
        'login_identifiers',
        'memberships',
        'one_time_tokens',
        'outbox',
        'principals',
        'role_assignments',
        'sessions',
        'subject_keys',
        'users',
      ]),
    );
  });

  it('does not let a tenant add permissions to a built-in role or to another tenant’s role [threat 72]', async () => {
    const roles = await gatehouse.sql<{ id: string }>(
      `insert into gatehouse.roles (id, tenant_id, name, title, description, role_group)
       values ($1, $2, 'auditor', 'Auditor', '', 'other') returning id`,
      [newId(), b],
    );
    const builtIn = await gatehouse.sql<{ id: string }>(
      `select id from gatehouse.roles where name = 'customer_viewer'`,
    );
    await asLogin(async (client) => {
      for (const { id } of [...roles, ...builtIn]) {
        await client.query(`begin; set local role gatehouse_app; set local gatehouse.tenant_id = '${a}'`);
        const values = [id, a];
        await expect(
          client.query(
            `insert into gatehouse.role_permissions (role_id, tenant_id, permission) values ($1, $2, 'users:delete')`,
            values,
          ),
        ).rejects.toMatchObject({ code: '42501' });
        await client.query('rollback');
      }
    });
  });

  it('leaves nothing on the connection of a transaction that failed midway [threat 15]', async () => {
    const pool = createPool({
      url: gatehouse.databaseUrl,
      size: 1,
      circuit: createCircuit(),
      onError: () => undefined,
    });
    const doors = createDoors(pool, 'gatehouse_', NO_TRACES);
    const state = () =>
      pool.query<{ role: string; tenant: string | null; name: string }>(
        `select current_user::text as role, nullif(current_setting('gatehouse.tenant_id', true), '') as tenant,
           current_setting('application_name') as name`,
        [],
      );
    const clean = [{ role: 'gatehouse_login', tenant: null, name: 'gatehouse' }];
    try {
      await expect(
        doors.withTenant(scope(a), async (tx) => {
          await tx.selectFrom('users').select('id').execute();
          throw new Error('midway');
        }),
      ).rejects.toThrow('midway');
      expect(await state()).toEqual(clean);
      await expect(
        doors.withTenant(scope(a), (tx) =>
          tx
            .insertInto('users')
            .values({ tenant_id: b } as never)
            .execute(),
        ),
      ).rejects.toThrow(/row-level security/);
      expect(await state()).toEqual(clean);
      await doors.asSystem('a named job', (tx) => tx.selectFrom('tenants').select('id').execute());
      expect(await state()).toEqual(clean);
      await doors.call('select user_id from gatehouse.session_context($1, $2, $3)', [a, newId(), new Date()]);
      expect(await state()).toEqual(clean);
    } finally {
      await doors.close();
    }
  });

  it('does not acknowledge a transaction whose failed statement was swallowed', async () => {
    const { doors } = gatehouse.server.deps;
    const work = doors.withTenant(scope(a), async (tx) => {
      await tx
        .insertInto('users')
        .values({ tenant_id: b } as never)
        .execute()
        .catch(() => undefined);
      return 'done';
    });
    await expect(work).rejects.toThrow(/rolled back/);
  });

  it('gives no transaction a row of another tenant, however tenants, failures and functions alternate [threat 15]', async () => {
    const pool = createPool({
      url: gatehouse.databaseUrl,
      size: CONNECTIONS,
      circuit: createCircuit(),
      onError: () => undefined,
    });
    const doors = createDoors(pool, 'gatehouse_', NO_TRACES);
    const tenants = await makeTenants(gatehouse);
    const sessions = new Map<TenantId, string>();
    for (const tenantId of tenants)
      sessions.set(tenantId, (await addPerson(gatehouse, tenantId, ['admin'])).opened.sessionId);
    const seen = { reads: 0, rows: 0, foreign: 0, failed: 0 };
    const random = generator(20_261_121);
    const pick = () => tenants[Math.floor(random() * tenants.length)] ?? ROOT_TENANT;
    let left = TRANSACTIONS;
    const look = (tenantId: TenantId, rows: { tenant_id: string | null }[]) => {
      seen.reads += 1;
      seen.rows += rows.length;
      seen.foreign += rows.filter((row) => row.tenant_id !== tenantId).length;
    };
    const one = async () => {
      const tenantId = pick();
      const fails = random() < 0.05;
      if (random() < 0.2) {
        const [session] = await doors.call<{ active_tenant_id: string }>(
          'select active_tenant_id from gatehouse.session_context($1, $2, $3)',
          [tenantId, sessions.get(tenantId), gatehouse.clock.now()],
        );
        look(tenantId, [{ tenant_id: session?.active_tenant_id ?? null }]);
      }
      await doors.withTenant(scope(tenantId), async (tx) => {
        look(tenantId, await tx.selectFrom('users').select('tenant_id').execute());
        look(tenantId, await tx.selectFrom('memberships').select('tenant_id').limit(5).execute());
        look(tenantId, await tx.selectFrom('sessions').select('tenant_id').execute());
        look(tenantId, await tx.selectFrom('principals').select('tenant_id').limit(5).execute());
        if (fails) throw new Error('midway');
      });
    };
    try {
      await Promise.all(
        Array.from({ length: WORKERS }, async () => {
          while (left-- > 0) await one().catch(() => (seen.failed += 1));
        }),
      );
    } finally {
      await doors.close();
    }
    console.log(
      `${seen.reads} reads (${seen.rows} rows) in ${TRANSACTIONS} transactions on ${CONNECTIONS} connections, ${seen.failed} failed midway: ${seen.foreign} foreign rows`,
    );
    expect(seen.foreign).toBe(0);
    expect(seen.rows).toBeGreaterThan(100_000);
    expect(seen.failed).toBeGreaterThan(100);
    expect(seen.failed).toBeLessThan(TRANSACTIONS / 10);
  });
});

/** Tenants of ten users each, made in one statement. */
async function makeTenants(gatehouse: TestServer): Promise<TenantId[]> {
  const ids = Array.from({ length: TENANTS }, () => newId<'tenant'>());
  for (const id of ids) {
    await gatehouse.sql(
      `insert into gatehouse.tenants (id, parent_id, type, name, created_at, updated_at) values ($1, $2, 'customer', 'Soak', now(), now())`,
      [id, ROOT_TENANT],
    );
    await gatehouse.sql(
      `with n as (select gen_random_uuid() as user_id, gen_random_uuid() as principal_id, n from generate_series(1, 10) n),
         u as (insert into gatehouse.users (tenant_id, id, email, email_key, name, status, created_at, updated_at)
           select $1, user_id, user_id || '@soak.example', user_id || '@soak.example', 'Soak', 'active', now(), now() from n),
         p as (insert into gatehouse.principals (tenant_id, id, kind, created_at) select $1, principal_id, 'member', now() from n)
       insert into gatehouse.memberships (tenant_id, id, user_tenant_id, user_id, created_at) select $1, principal_id, $1, user_id, now() from n`,
      [id],
    );
  }
  return ids;
}

/** A repeatable source of randomness (Numerical Recipes' LCG): a failing run can be run again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
