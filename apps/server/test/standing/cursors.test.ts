import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../server.fixture.ts';
import { fill, listOperations, type Operation } from './operations.fixture.ts';
import { call, registerTenant } from './people.fixture.ts';
import { populate, type Population } from './population.fixture.ts';

/** Cursors: sealed, and good for the list, the tenant, the order and the filters that they were made for. */
describe('cursors', () => {
  let gatehouse: TestServer;
  let a: Population;
  let b: Population;
  /** Every list of the document that has more than one row here, with a cursor of it. */
  const lists: { operation: Operation; url: string; cursor: string }[] = [];
  beforeAll(async () => {
    gatehouse = await startServer();
    const alpha = await registerTenant(gatehouse, 'Alpha', 'first@alpha.example');
    const beta = await registerTenant(gatehouse, 'Beta', 'first@beta.example');
    a = await populate(gatehouse, alpha.tenantId);
    b = await populate(gatehouse, beta.tenantId);
    for (const operation of await listOperations(gatehouse)) {
      if (!operation.queryParameters.some(({ name }) => name === 'cursor')) continue;
      const url = fill(operation.path, { tenantId: a.tenantId, id: a.nobody.userId });
      const answer = await get(a, `${url}?limit=1`);
      const cursor: unknown = answer.body.nextCursor;
      if (typeof cursor === 'string') lists.push({ operation, url, cursor });
    }
  });
  afterAll(() => gatehouse.close());

  const get = (of: Population, url: string) => call(gatehouse, of.admin.token, { method: 'GET', url });
  async function expectRefused(url: string, why: string, of = a): Promise<void> {
    const answer = await get(of, url);
    expect(answer.status, `${why}: ${url}: ${answer.text}`).toBe(400);
    // What is not even of the form of a cursor is refused by the schema.
    expect(['request.cursor_invalid', 'request.invalid'], why).toContain(answer.body.code);
  }

  it('go on where they were made', async () => {
    expect(lists.length).toBeGreaterThan(2);
    for (const { url, cursor } of lists) {
      const first = await get(a, `${url}?limit=1`);
      const next = await get(a, `${url}?limit=1&cursor=${cursor}`);
      expect(next.status, url).toBe(200);
      expect(next.body.items, url).not.toEqual(first.body.items);
    }
  });

  it('are refused on any other list [threat 73]', async () => {
    for (const { cursor, url: from } of lists)
      for (const { url } of lists.filter((other) => listOf(other.url) !== listOf(from)))
        await expectRefused(`${url}?cursor=${cursor}`, `of ${from}`);
  });

  it('are refused in any other tenant [threat 73]', async () => {
    for (const { operation, cursor } of lists) {
      const url = fill(operation.path, { tenantId: b.tenantId, id: b.nobody.userId });
      await expectRefused(`${url}?cursor=${cursor}`, 'of another tenant', b);
    }
  });

  it('are refused with other filters or another order [threat 73]', async () => {
    let tried = 0;
    for (const { operation, url, cursor } of lists) {
      for (const { name, schema } of operation.queryParameters) {
        const value = schema.enum?.at(-1);
        if (typeof value !== 'string') continue;
        await expectRefused(`${url}?cursor=${cursor}&${name}=${value}`, `with ${name}`);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(0);
  });

  it('are refused when altered at any place, and when made up [threat 73]', async () => {
    for (const { url, cursor } of lists) {
      const step = Math.ceil(cursor.length / 40);
      for (let i = 0; i < cursor.length; i += step) {
        const other = cursor[i] === 'A' ? 'B' : 'A';
        await expectRefused(
          `${url}?cursor=${cursor.slice(0, i)}${other}${cursor.slice(i + 1)}`,
          `altered at ${i}`,
        );
      }
      const position = Buffer.from(JSON.stringify(['2020-01-01T00:00:00.000Z', a.nobody.userId]));
      const { keyId } = gatehouse.server.deps.sealer;
      for (const made of [
        position.toString('base64url'),
        position.toString('hex'),
        `v1.${keyId}.${Buffer.alloc(12).toString('base64url')}.${position.toString('base64url')}`,
        `v1.${keyId}..`,
        `v0.${cursor.slice(3)}`,
        cursor.slice(0, -1),
        `${cursor}A`,
        `${cursor}.x`,
        cursor.split('.').slice(1).join('.'),
        "'%20or%201=1--",
        '0',
        'null',
        '',
        // Sealed by the server, but as something else.
        gatehouse.server.deps.sealer.seal(position, 'something else'),
      ])
        await expectRefused(`${url}?cursor=${made}`, 'made up');
    }
  });

  it('tell nothing of the rows that they point between', () => {
    for (const { cursor } of lists) {
      const bytes = cursor.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
      for (const id of Object.values(a.ids)) expect(bytes.join(' ')).not.toContain(id);
      expect(bytes.join(' ')).not.toMatch(/20\d\d-\d\d/);
    }
  });
});

/** A list is the same one whether its tenant stands in the path or in the session. */
const listOf = (url: string) => url.replace(/\/tenants\/[^/]+/, '');
