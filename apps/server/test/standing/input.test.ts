import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, ROOT_TENANT } from '../../src/platform/ids.ts';
import type { Answer } from '../browser.fixture.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import {
  fill,
  isOfAuthzen,
  isOfOAuth,
  listOperations,
  type Operation,
  type Schema,
} from './operations.fixture.ts';
import { addPerson, call, type Person } from './people.fixture.ts';
import { listenAnywhere, requestText, sendRaw } from './socket.fixture.ts';

const LONG = 'x'.repeat(100_000);
/** What no answer may tell of the inside: stacks, files, SQL, names of tables. */
const INSIDE =
  /node_modules|\bat \w.*\(|\.ts:\d|SQLSTATE|syntax error|violates|\brelation "|gatehouse\.[a-z]+_|\bselect\b.*\bfrom\b|invalid byte sequence|ECONN|TypeError/i;

/** Whatever is sent to any operation: it is refused with an answer of the catalogue, never with a fault. */
describe('input', () => {
  let gatehouse: TestServer;
  let operations: Operation[];
  let person: Person;
  let port: number;
  beforeAll(async () => {
    gatehouse = await startServer();
    // Everything is permitted, so that nothing is refused for another reason than the input.
    person = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN', 'admin']);
    operations = (await listOperations(gatehouse)).filter((each) => !isOfOAuth(each));
    port = await listenAnywhere(gatehouse.server.app);
  });
  afterAll(() => gatehouse.close());

  const url = (operation: Operation) => fill(operation.path, { id: newId(), tenantId: ROOT_TENANT });
  const withBody = () => operations.filter(({ body }) => body !== undefined);
  const changing = () => operations.filter(({ method }) => method !== 'GET');

  function expectSound(answer: Answer, where: string): void {
    expect(answer.status, where).toBeLessThan(500);
    expect(answer.text, where).not.toMatch(INSIDE);
  }
  function expectRefused(answer: Answer, status: number, where: string): void {
    expectSound(answer, `${where}: ${answer.text}`);
    expect(answer.status, `${where}: ${answer.text.slice(0, 300)}`).toBe(status);
    expect(answer.headers['content-type'], where).toContain('application/problem+json');
    expect(answer.body, where).toMatchObject({
      status,
      correlationId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  }
  /** A body as text or bytes, as it goes over the wire. */
  const send = (operation: Operation, payload: string | Buffer, type = 'application/json') =>
    gatehouse.browser({ origin: undefined }).request({
      method: operation.method,
      url: url(operation),
      payload,
      headers: { 'content-type': type, authorization: `Bearer ${person.token}` },
    });

  it('refuses what is not JSON, on every operation that changes something', async () => {
    const texts = [
      '{',
      '{"a":}',
      "{'a':1}",
      '{"a":1,}',
      'NaN',
      '\u0000',
      '\uFEFF{}x',
      '[1',
      '"',
      '{"a":"\u0001"}',
    ];
    for (const operation of changing())
      for (const text of texts)
        expectRefused(await send(operation, text), 400, `${operation.operationId} ${JSON.stringify(text)}`);
  });

  it('refuses an empty body and a body of another shape, wherever one is taken', async () => {
    for (const operation of withBody())
      for (const text of ['', ' ', 'null', '[]', '[{}]', '"text"', '1', 'true'])
        expectRefused(await send(operation, text), 400, `${operation.operationId} ${JSON.stringify(text)}`);
  });

  it('refuses every declared member with a value of another type [threat 29]', async () => {
    let tried = 0;
    for (const operation of withBody()) {
      for (const [name, schema] of Object.entries(operation.body?.schema.properties ?? {})) {
        for (const value of wrongTypes(schema)) {
          const body = { ...operation.body?.example, [name]: value };
          const where = `${operation.operationId} ${name}=${JSON.stringify(value).slice(0, 40)}`;
          expectRefused(await send(operation, JSON.stringify(body)), 400, where);
          tried += 1;
        }
      }
    }
    expect(tried).toBeGreaterThan(100);
  });

  it('refuses a string that is too long or holds what no name may hold, in every declared member', async () => {
    const unfit = [LONG, 'a\u0000b', 'a\nb', 'a\u202Eb', 'a\u200Bb'];
    for (const operation of withBody()) {
      for (const [name, schema] of Object.entries(operation.body?.schema.properties ?? {})) {
        if (schema.type !== 'string') continue;
        for (const value of unfit) {
          const body = { ...operation.body?.example, [name]: value };
          const answer = await send(operation, JSON.stringify(body));
          const where = `${operation.operationId} ${name}=${JSON.stringify(value).slice(0, 20)}`;
          expectSound(answer, `${where}: ${answer.text}`);
          // A password may hold anything that can be typed; its own rules judge it. So may a file, whose lines are judged.
          const mayBeTaken = /password$|^csv$/i.test(name) && value !== LONG;
          expect(mayBeTaken || answer.status === 400, `${where}: ${answer.text}`).toBe(true);
        }
      }
    }
  });

  it('stands emoji and other scripts in every declared member', async () => {
    for (const operation of withBody())
      for (const name of Object.keys(operation.body?.schema.properties ?? {}))
        for (const value of ['👩‍👩‍👧‍👦 Ærøskøbing', '山田太郎 عبد', '𝒳'.repeat(50)])
          expectSound(
            await send(operation, JSON.stringify({ ...operation.body?.example, [name]: value })),
            `${operation.operationId} ${name}=${value}`,
          );
  });

  it('refuses members that are not declared, whoever they are meant to make the caller [threat 71]', async () => {
    const members = [
      'userId',
      'tenantId',
      'role',
      'isAdmin',
      'permissions',
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'emailVerified',
      'passwordHash',
      'createdAt',
    ];
    for (const operation of changing().filter((each) => !isOfAuthzen(each))) {
      for (const member of members) {
        if (
          operation.body?.schema.properties?.[member] !== undefined &&
          Object.hasOwn(operation.body.schema.properties, member)
        )
          continue;
        // As text: an object literal would set a prototype instead of naming a member.
        const example = JSON.stringify(operation.body?.example ?? {}).slice(1);
        const text = `{${JSON.stringify(member)}:{"x":1}${example === '}' ? '' : ','}${example}`;
        const answer = await send(operation, text);
        expectRefused(answer, 400, `${operation.operationId} ${member}`);
        expect(answer.body.code, operation.operationId).toBe('request.invalid');
      }
    }
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('refuses a body that names a member twice, however it is spelt [threat 6] [threat 29]', async () => {
    for (const operation of changing()) {
      const name = Object.keys(operation.body?.example ?? { a: 1 })[0] ?? 'a';
      const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`;
      for (const text of [
        `{"${name}":"a","${name}":"b"}`,
        `{"${name}":"a","${escaped}":"b"}`,
        `{"x":{"y":1,"y":2}}`,
        `{"x":[{"__proto__":1,"__proto__":2}]}`,
      ]) {
        const answer = await send(operation, text);
        expectRefused(answer, 400, `${operation.operationId} ${text}`);
        expect(answer.body.code, operation.operationId).toBe('request.malformed');
      }
    }
  });

  it('refuses a body over the limit with 413, and one that is nested ten thousand deep with 400', async () => {
    // Over the limit of those operations, too, that take a picture or a policy.
    const large = JSON.stringify({ name: 'x'.repeat(Math.max(gatehouse.config.bodyLimit, 400_000)) });
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const deepObject = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    for (const operation of changing()) {
      expectRefused(await send(operation, large), 413, operation.operationId);
      expectRefused(await send(operation, deep), 400, operation.operationId);
      expectRefused(await send(operation, deepObject), 400, operation.operationId);
    }
  });

  it('refuses another type of content with 415', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'application/jsonp',
      'text/json',
      'application/json-patch+json',
      'x',
    ];
    for (const operation of changing())
      for (const type of types.filter((each) => !operation.takes.includes(each)))
        expectRefused(
          await send(operation, '{"a":1}', type),
          isOfAuthzen(operation) ? 400 : 415,
          `${operation.operationId} ${type}`,
        );
  });

  it('refuses text that is not Unicode: broken UTF-8 and halves of surrogate pairs', async () => {
    for (const operation of changing()) {
      const name = Object.keys(operation.body?.example ?? { a: 1 })[0] ?? 'a';
      for (const bytes of [
        [0xff],
        [0xc0, 0xaf],
        [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xe2, 0x82],
      ]) {
        const payload = Buffer.concat([Buffer.from(`{"${name}":"a`), Buffer.from(bytes), Buffer.from('"}')]);
        expectRefused(await send(operation, payload), 400, `${operation.operationId} ${bytes.join(' ')}`);
      }
      for (const text of [`{"${name}":"\\ud800"}`, `{"${name}":"\\udc00\\ud800"}`, `{"\\ud800":1}`])
        expectRefused(await send(operation, text), 400, `${operation.operationId} ${text}`);
    }
  });

  it('refuses a query parameter that is given twice, as a list, of another type, or not declared', async () => {
    for (const operation of operations.filter(({ path }) => path.startsWith('/api/v1/'))) {
      const get = (query: string) =>
        call(gatehouse, person.token, { method: operation.method, url: `${url(operation)}?${query}` });
      for (const query of ['nothing=1', '__proto__=1', 'constructor=1', '__proto__[x]=1', 'a[b]=1'])
        expectRefused(await get(query), 400, `${operation.operationId}?${query}`);
      for (const { name, schema } of operation.queryParameters) {
        const good = schema.type === 'integer' ? '1' : encodeURIComponent(nameOf(schema.enum?.[0]));
        const bad = [`${name}=${good}&${name}=${good}`, `${name}[]=${good}`, `${name}[0]=${good}`];
        if (schema.type === 'integer')
          bad.push(...['x', '1.5', '-1', '1e99', 'NaN', ''].map((v) => `${name}=${v}`));
        for (const query of bad) expectRefused(await get(query), 400, `${operation.operationId}?${query}`);
        for (const value of [
          '%00',
          '%ff',
          '%ed%a0%80',
          '%E2%80%AE',
          '%27%3B--',
          '..%2F',
          LONG.slice(0, 8000),
          '',
        ])
          expectSound(
            await get(`${name}=${value}`),
            `${operation.operationId}?${name}=${value.slice(0, 20)}`,
          );
      }
    }
  });

  it('refuses a path parameter that is no id', async () => {
    const values = [
      '1',
      '%00',
      'null',
      '%27',
      'x'.repeat(150),
      newId().toUpperCase(),
      `${newId()}%20`,
      '%F0%9F%98%80',
    ];
    for (const operation of operations.filter(({ idParameters }) => idParameters.includes('id'))) {
      for (const id of values) {
        const answer = await call(gatehouse, person.token, {
          method: operation.method,
          url: fill(operation.path, { id, tenantId: ROOT_TENANT }),
          ...(operation.body && { body: operation.body.example }),
        });
        expectRefused(answer, 400, `${operation.operationId} ${id}`);
      }
    }
  });

  it('stands header bombs and nonsense in every header that is read', async () => {
    const headers: Record<string, string>[] = [
      { 'x-gatehouse-client': '../../etc/passwd' },
      { 'x-gatehouse-client': '__proto__' },
      { authorization: `Bearer ${'a'.repeat(12_000)}` },
      { authorization: 'Bearer' },
      { authorization: 'Basic YTpi' },
      { cookie: 'a=b; '.repeat(1500) },
      { cookie: '__Host-gh.console.at=%00; __Secure-gh.console.rt=%ff' },
      { cookie: '__proto__=1; constructor=2' },
      { traceparent: '00-zz-1' },
      { traceparent: 'x'.repeat(9000) },
      { 'x-forwarded-for': '1.2.3.4, '.repeat(1000) },
      { 'user-agent': 'x'.repeat(12_000) },
      { origin: 'null' },
      { origin: 'javascript:alert(1)' },
      { 'x-csrf-token': '\u00ff'.repeat(100) },
      { 'accept-encoding': 'x'.repeat(5000) },
      { 'content-length': '-1' },
      { 'content-length': '99999999999999999999' },
      { 'transfer-encoding': 'identity, chunked' },
      { expect: '200-ok' },
    ];
    for (const header of headers) {
      for (const [method, target] of [
        ['GET', '/api/v1/auth/me'],
        ['POST', '/api/v1/auth/refresh'],
      ] as const) {
        const answer = await sendRaw(port, requestText(method, target, header));
        const where = `${method} ${JSON.stringify(header).slice(0, 60)}: ${answer.head}`;
        expect(answer.status, where).toBeGreaterThanOrEqual(400);
        expect(answer.status, where).toBeLessThan(500);
        expect(answer.body, where).not.toMatch(INSIDE);
      }
    }
    const bomb = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`x-${i}`, 'y']));
    expect((await sendRaw(port, requestText('GET', '/api/v1/auth/me', bomb))).status).toBe(431);
    expect((await call(gatehouse, person.token, { method: 'GET', url: '/api/v1/auth/me' })).status).toBe(200);
  });

  it('never faults on bodies that are nearly right', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('root@example.com', ''),
    );
    const value = fc.oneof({ weight: 4, arbitrary: text }, fc.jsonValue());
    const like = (names: string[]) =>
      fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
    for (const operation of withBody()) {
      const names = Object.keys(operation.body?.schema.properties ?? {});
      await fc.assert(
        fc.asyncProperty(like([...names, 'more']), async (part) => {
          const body = { ...operation.body?.example, ...part };
          expectSound(
            await send(operation, JSON.stringify(body)),
            `${operation.operationId} ${JSON.stringify(body)}`,
          );
        }),
        { numRuns: 20, seed: 20_261_121 },
      );
    }
  });
});

const nameOf = (value: unknown) => (typeof value === 'string' ? value : 'a');

/** Values of every JSON type that the schema does not take. */
function wrongTypes(schema: Schema): unknown[] {
  const types = new Set([schema, ...(schema.anyOf ?? [])].flatMap(({ type }) => type ?? []));
  const all: [string, unknown][] = [
    ['string', 'text'],
    ['number', 5],
    ['number', -1.5],
    ['boolean', true],
    ['null', null],
    ['array', []],
    ['array', ['victim@example.com', 'attacker@example.com']],
    ['array', [[]]],
    ['object', {}],
    ['object', { $ne: null }],
  ];
  return (
    all
      .filter(([type]) => !types.has(type) && !(type === 'number' && types.has('integer')))
      // Of a list the members are judged, so that a list of the right type may still be right.
      .map(([, value]) => value)
  );
}
