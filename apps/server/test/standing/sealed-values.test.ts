import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEALED_COLUMNS } from '../../src/features/keys/sealed-columns.ts';
import { SealError } from '../../src/platform/crypto/index.ts';
import { ROOT_TENANT } from '../../src/platform/ids.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { fill, listOperations } from './operations.fixture.ts';
import { addPerson, call, registerTenant } from './people.fixture.ts';
import { populate, type Population } from './population.fixture.ts';

/** What is kept sealed leaves by no answer, and is worth nothing in another row. */
describe('sealed values', () => {
  let gatehouse: TestServer;
  let tenants: [Population, Population];
  beforeAll(async () => {
    gatehouse = await startServer();
    const add = async (name: string) => {
      const { tenantId } = await registerTenant(gatehouse, name, `first@${name.toLowerCase()}.example`);
      const filled = await populate(gatehouse, tenantId);
      // Made up by the population, which knows no key.
      await gatehouse.sql(`delete from gatehouse.credentials where secret_sealed = 'v1.none.none.none'`);
      await gatehouse.browser().post('/api/v1/auth/password/forgot', { email: `first@${name}.example` });
      await call(gatehouse, filled.admin.token, {
        method: 'POST',
        url: '/api/v1/connections',
        body: { kind: 'github', name: 'A secret', clientId: 'x', clientSecret: 'of-the-provider' },
      });
      return filled;
    };
    tenants = [await add('alpha'), await add('beta')];
    await gatehouse.admin();
  });
  afterAll(() => gatehouse.close());

  type Row = Record<string, string> & { sealed: string };
  const rowsOf = ({ table, column, key, also = [] }: (typeof SEALED_COLUMNS)[number]) =>
    gatehouse.sql<Row>(
      `select ${[...Object.keys(key), ...also].map((name) => `${name}::text as ${name}`).join(', ')}, ${column} as sealed
       from gatehouse.${table} where ${column} <> ''`,
    );

  it('open in their own row, and in no row of another tenant or of another kind [threat 77]', async () => {
    const { sealer } = gatehouse.server.deps;
    const all = await Promise.all(SEALED_COLUMNS.map(async (of) => ({ of, rows: await rowsOf(of) })));
    // The tests' cluster is given its login role; everything else is there.
    const empty = all.filter(({ rows }) => rows.length === 0).map(({ of }) => of.table);
    expect(empty).toEqual(['login_role']);
    let moved = 0;
    for (const { of, rows } of all) {
      for (const row of rows.slice(0, 20)) {
        expect(() => sealer.open(row.sealed, of.context(row))).not.toThrow();
        for (const there of all) {
          for (const other of there.rows.slice(0, 20)) {
            // Within a tenant, a link’s payload is bound to its purpose, and found by the hash of its token.
            if (there.of === of && other.tenant_id === row.tenant_id) continue;
            moved += 1;
            expect(
              () => sealer.open(row.sealed, there.of.context(other)),
              `${of.table} in ${there.of.table}`,
            ).toThrow(SealError);
          }
        }
      }
    }
    expect(moved).toBeGreaterThan(300);
  });

  it('are in no answer of any operation that reads, to whoever may read the most [threat 77]', async () => {
    const secrets = (await Promise.all(SEALED_COLUMNS.map(rowsOf))).flat().map(({ sealed }) => sealed);
    expect(secrets.length).toBeGreaterThan(20);
    const platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN', 'admin']);
    const [{ admin, ids, tenantId }] = tenants;
    const reads = (await listOperations(gatehouse)).filter(
      ({ method, path }) => method === 'GET' && !/stream|live/.test(path),
    );
    let read = 0;
    for (const { path } of reads) {
      const noun = /([a-z-]+)\/\{id\}/.exec(path)?.[1] ?? '';
      const table = noun === 'audit' ? 'audit_records' : noun.replaceAll('-', '_');
      const url = fill(path, { tenantId, ...(ids[table] && { id: ids[table] }) });
      for (const { token } of [admin, platform]) {
        const answer = await call(gatehouse, token, { method: 'GET', url });
        if (answer.status === 200) read += 1;
        const text = JSON.stringify([answer.headers, answer.text]);
        for (const secret of secrets) expect(text.includes(secret), path).toBe(false);
      }
    }
    expect(read).toBeGreaterThan(20);
  });
});
