import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_TENANT } from '../../src/platform/ids.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { fill, listOperations, type Operation } from './operations.fixture.ts';
import { addPerson, call, type Person, registerTenant } from './people.fixture.ts';
import { populate, type Population } from './population.fixture.ts';

/** Whoever reads a thing and writes back what they read has changed nothing: no switch is missing in what is read. */
describe('a read followed by the same write', () => {
  let gatehouse: TestServer;
  let filled: Population;
  let platform: Person;
  let writes: Operation[];
  let reads: Operation[];
  beforeAll(async () => {
    gatehouse = await startServer();
    const { tenantId } = await registerTenant(gatehouse, 'Alpha', 'first@alpha.example');
    filled = await populate(gatehouse, tenantId);
    platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN', 'admin']);
    const operations = await listOperations(gatehouse);
    const of = (...methods: string[]) => operations.filter(({ method }) => methods.includes(method));
    [reads, writes] = [of('GET'), of('PATCH', 'PUT')];
  });
  afterAll(() => gatehouse.close());

  /** The path with ids of the tenant: an `id` is one of the things that the part before it names. */
  const pathOf = ({ path }: Operation) => {
    const noun = /([a-z-]+)\/\{id\}/.exec(path)?.[1] ?? '';
    const table = noun === 'domains' ? 'tenant_domains' : noun.replaceAll('-', '_');
    return fill(path, {
      tenantId: filled.tenantId,
      service: 'shop',
      ...(filled.ids[table] && { id: filled.ids[table] }),
    });
  };
  const callerOf = ({ path }: Operation) => (path.includes('{tenantId}') ? platform : filled.admin);
  const readBy = (operation: Operation) =>
    call(gatehouse, callerOf(operation).token, { method: 'GET', url: pathOf(operation) });
  /** A day on which something was last written is no state that anything depends on. */
  const stateOf = (body: Record<string, unknown>) => ({ ...body, updatedAt: undefined });

  it('knows things that can be read and written', () => {
    expect(writes.length).toBeGreaterThanOrEqual(7);
    for (const write of writes)
      expect(
        reads.some(({ path }) => path === write.path),
        write.path,
      ).toBe(true);
  });

  it('leaves each thing as it was, and ends nobody’s session [threat 78]', async () => {
    const epochs = () =>
      gatehouse.sql(
        `select 'user' as kind, id, epoch from gatehouse.users union all select 'principal', id, epoch from gatehouse.principals
         union all select 'tenant', id, epoch from gatehouse.tenants union all select 'client', id, epoch from gatehouse.clients
         union all select 'session', id, case when ended_at is null then epoch else -1 end from gatehouse.sessions order by 1, 2`,
      );
    for (const write of writes) {
      const where = `${write.method} ${write.path}`;
      // A secret is written and never read.
      const members = Object.entries(write.body?.schema.properties ?? {})
        .filter(([, member]) => member.writeOnly !== true)
        .map(([name]) => name);
      const [before, epochsBefore] = [await readBy(write), await epochs()];
      expect(before.status, `${where}: ${before.text}`).toBe(200);
      const body = Object.fromEntries(
        members.filter((name) => name in before.body).map((name) => [name, before.body[name]]),
      );
      expect(Object.keys(body), where).toEqual(members);
      const answer = await call(gatehouse, callerOf(write).token, {
        method: write.method,
        url: pathOf(write),
        body,
      });
      expect(answer.status, `${where}: ${answer.text}`).toBeLessThan(300);
      expect(stateOf((await readBy(write)).body), where).toEqual(stateOf(before.body));
      expect(await epochs(), where).toEqual(epochsBefore);
    }
  });
});
