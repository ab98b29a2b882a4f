import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';
import { claimsOf, es256, token } from '../../../test/standing/forge.fixture.ts';
import { generateSigningKey } from '../../platform/crypto/index.ts';
import { algorithmOf, replaceSigningKeys, rotateSigningKey } from './index.ts';

const open: TestServer[] = [];
async function start(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const gatehouse = await startServer(options);
  open.push(gatehouse);
  return gatehouse;
}
/** Another process on the same database and clock. */
const another = (first: TestServer, env: Record<string, string> = {}) =>
  start({ database: first.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1'), clock: first.clock, env });
afterEach(async () => {
  for (const server of open.splice(0).reverse()) await server.close();
});

const jwksOf = async (gatehouse: TestServer) =>
  (await gatehouse.browser().get('/.well-known/jwks.json')).body as unknown as JSONWebKeySet;
const kidsOf = async (gatehouse: TestServer) => (await jwksOf(gatehouse)).keys.map(({ kid }) => kid);
async function freshToken(gatehouse: TestServer): Promise<string> {
  const browser = gatehouse.browser();
  await browser.post('/api/v1/auth/login', ADMIN);
  return browser.cookies.get('__Host-gh.console.at') ?? '';
}
const kidOf = (text: string) => String(decodeProtectedHeader(text).kid);
const me = async (gatehouse: TestServer, text: string) =>
  (await gatehouse.browser().get('/api/v1/auth/me', { authorization: `Bearer ${text}` })).status;
const keysOf = (gatehouse: TestServer) =>
  gatehouse.sql<{ kid: string; status: string; verifies_until: Date | null }>(
    'select kid, status, verifies_until from gatehouse.signing_keys order by created_at, kid',
  );
async function rotate(gatehouse: TestServer) {
  const { deps } = gatehouse.server;
  const rotation = await rotateSigningKey(deps, algorithmOf(deps.config) ?? 'ES256');
  await deps.keys.refresh();
  return rotation;
}

describe('a signing key', () => {
  it('is published before it signs, signs, verifies until its last token is over, and is gone then', async () => {
    const gatehouse = await start();
    const [first, second] = await kidsOf(gatehouse);
    expect((await keysOf(gatehouse)).map(({ status }) => status).sort()).toEqual(['active', 'next']);
    const before = await freshToken(gatehouse);
    const copyOfAnotherService = createLocalJWKSet(await jwksOf(gatehouse));
    gatehouse.clock.advance({ minutes: 11 });
    expect(await rotate(gatehouse)).toMatchObject({ outcome: 'rotated', retired: kidOf(before) });

    const after = await freshToken(gatehouse);
    expect([first, second]).toEqual(expect.arrayContaining([kidOf(before), kidOf(after)]));
    expect(kidOf(after)).not.toBe(kidOf(before));
    // Whoever fetched the JWK Set before the rotation verifies what was signed after it.
    const currentDate = gatehouse.clock.now();
    await expect(jwtVerify(after, copyOfAnotherService, { currentDate })).resolves.toBeDefined();
    expect(await me(gatehouse, before)).toBe(200);
    expect(await me(gatehouse, after)).toBe(200);
    expect(await kidsOf(gatehouse)).toHaveLength(3);

    gatehouse.clock.advance({ minutes: 24 * 60 });
    await gatehouse.server.deps.keys.tend();
    expect(await kidsOf(gatehouse)).toContain(kidOf(before));
    gatehouse.clock.advance({ minutes: 6 });
    await gatehouse.server.deps.keys.tend();
    expect(await kidsOf(gatehouse)).not.toContain(kidOf(before));
    expect((await keysOf(gatehouse)).map(({ status }) => status).sort()).toEqual(['active', 'next']);
  });

  it('that was published a moment ago does not sign yet: its turn is ordered, and comes by itself', async () => {
    const gatehouse = await start();
    const first = kidOf(await freshToken(gatehouse));
    const ordered = await rotate(gatehouse);
    expect(ordered).toMatchObject({ outcome: 'ordered', active: first });
    // Asking again orders nothing more.
    expect(await rotate(gatehouse)).toEqual(ordered);
    gatehouse.clock.advance({ minutes: 9 });
    await gatehouse.server.deps.keys.tend();
    expect(kidOf(await freshToken(gatehouse))).toBe(first);
    gatehouse.clock.advance({ minutes: 1 });
    await gatehouse.server.deps.keys.tend();
    expect(kidOf(await freshToken(gatehouse))).toBe((ordered as { next: string }).next);
  });

  it('takes over after SIGNING_KEY_ROTATION_DAYS, in one of many processes, and never with 0', async () => {
    // All of them by the same setting: whichever looks first decides.
    const env = { SIGNING_KEY_ROTATION_DAYS: '30' };
    const gatehouse = await start({ env });
    const nodes = [gatehouse, await another(gatehouse, env), await another(gatehouse, env)];
    const first = kidOf(await freshToken(gatehouse));
    gatehouse.clock.advance({ days: 29 });
    await Promise.all(nodes.map((node) => node.server.deps.keys.tend()));
    expect(kidOf(await freshToken(gatehouse))).toBe(first);
    gatehouse.clock.advance({ days: 1 });
    await Promise.all(nodes.map((node) => node.server.deps.keys.tend()));
    // One of them has done it; the others hear of it when they look.
    await Promise.all(nodes.map((node) => node.server.deps.keys.refresh()));
    const kids = new Set(await Promise.all(nodes.map(async (node) => kidOf(await freshToken(node)))));
    expect([...kids]).toHaveLength(1);
    expect(kids).not.toContain(first);
    expect((await keysOf(gatehouse)).map(({ status }) => status).sort()).toEqual([
      'active',
      'next',
      'retired',
    ]);

    const never = await start({ env: { SIGNING_KEY_ROTATION_DAYS: '0' } });
    const kept = kidOf(await freshToken(never));
    never.clock.advance({ days: 4000 });
    await never.server.deps.keys.tend();
    expect(kidOf(await freshToken(never))).toBe(kept);
  });

  it('of another process counts at once, and unknown ones ask the database twice a second at most', async () => {
    const gatehouse = await start();
    const other = await another(gatehouse);
    await replaceSigningKeys(gatehouse.server.deps, 'ES256');
    await gatehouse.server.deps.keys.refresh();
    const fresh = await freshToken(gatehouse);
    // The other one has not looked since: nothing polls in this test.
    expect(await kidsOf(other)).not.toContain(kidOf(fresh));
    expect(await me(other, fresh)).toBe(200);
    // And signing out by it works where it is new.
    await replaceSigningKeys(gatehouse.server.deps, 'ES256');
    await gatehouse.server.deps.keys.refresh();
    const newest = await freshToken(gatehouse);
    const out = await other.browser().post('/api/v1/auth/logout', {}, { authorization: `Bearer ${newest}` });
    expect(out.status).toBe(204);
    expect(await me(gatehouse, newest)).toBe(401);

    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const forged = (kid: string) =>
      token({ alg: 'ES256', typ: 'at+jwt', kid }, claimsOf(fresh), (input) => es256(input, pair.privateKey));
    const query = vi.spyOn(pg.Client.prototype, 'query');
    const begun = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => me(other, forged(`made-up-${i}`))),
    );
    const seconds = (performance.now() - begun) / 1000;
    expect(new Set(answers)).toEqual(new Set([401]));
    const asked = query.mock.calls.filter(([statement]) =>
      JSON.stringify(statement).includes('signing_keys'),
    );
    query.mockRestore();
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(2 + 2 * seconds);
  });

  it('that is compromised is thrown away with all others: what it signed is refused, and browsers renew [threat 79]', async () => {
    const gatehouse = await start();
    const browser = gatehouse.browser();
    await browser.post('/api/v1/auth/login', ADMIN);
    const stolen = browser.cookies.get('__Host-gh.console.at') ?? '';
    expect(await me(gatehouse, stolen)).toBe(200);
    const before = await kidsOf(gatehouse);
    await replaceSigningKeys(gatehouse.server.deps, 'ES256');
    await gatehouse.server.deps.keys.refresh();
    expect(await me(gatehouse, stolen)).toBe(401);
    for (const kid of before) expect(await kidsOf(gatehouse)).not.toContain(kid);
    expect((await browser.post('/api/v1/auth/refresh', {})).status).toBe(200);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(200);
  });

  it('of another purpose neither signs nor verifies access tokens, relabelled in the database or not [threat 80]', async () => {
    const gatehouse = await start();
    const { sealer } = gatehouse.server.deps;
    const good = await freshToken(gatehouse);
    const foreign = await generateSigningKey('ES256');
    const sealed = sealer.seal(foreign.privatePem, `audit key ${foreign.kid}`);
    const add = (status: string) =>
      gatehouse.sql(
        `insert into gatehouse.signing_keys (kid, alg, purpose, public_jwk, private_sealed, status, created_at)
         values ($1, 'ES256', 'audit checkpoint', $2, $3, $4, now())`,
        [foreign.kid, JSON.stringify(foreign.publicJwk), sealed, status],
      );
    const forged = token({ alg: 'ES256', typ: 'at+jwt', kid: foreign.kid }, claimsOf(good), (input) =>
      es256(input, createPrivateKey(foreign.privatePem)),
    );
    for (const status of ['active', 'next', 'retired']) {
      await add(status);
      await gatehouse.server.deps.keys.refresh();
      expect(await me(gatehouse, forged), status).toBe(401);
      expect(await kidsOf(gatehouse)).not.toContain(foreign.kid);
      expect(kidOf(await freshToken(gatehouse))).not.toBe(foreign.kid);
      await gatehouse.sql('delete from gatehouse.signing_keys where kid = $1', [foreign.kid]);
    }
    await add('retired');
    await gatehouse.sql(`update gatehouse.signing_keys set purpose = 'access token' where kid = $1`, [
      foreign.kid,
    ]);
    await gatehouse.server.deps.keys.refresh();
    expect(await me(gatehouse, forged)).toBe(401);
    expect(await kidsOf(gatehouse)).not.toContain(foreign.kid);
    expect(await me(gatehouse, good)).toBe(200);
  });

  it('whose public half was exchanged in the database verifies nothing that the other half signed [threat 80]', async () => {
    const gatehouse = await start();
    const good = await freshToken(gatehouse);
    const attacker = await generateSigningKey('ES256');
    await gatehouse.sql(`update gatehouse.signing_keys set public_jwk = $1`, [
      JSON.stringify(attacker.publicJwk),
    ]);
    const [kept] = await gatehouse.sql<{ private_sealed: string }>(
      'select private_sealed from gatehouse.signing_keys limit 1',
    );
    await gatehouse.sql(
      `insert into gatehouse.signing_keys (kid, alg, purpose, public_jwk, private_sealed, status, created_at, verifies_until)
       values ($1, 'ES256', 'access token', $2, $3, 'retired', now(), now() + interval '1 year')`,
      [attacker.kid, JSON.stringify(attacker.publicJwk), kept?.private_sealed],
    );
    const node = await another(gatehouse);
    for (const kid of [attacker.kid, kidOf(good)]) {
      const forged = token({ alg: 'ES256', typ: 'at+jwt', kid }, claimsOf(good), (input) =>
        es256(input, createPrivateKey(attacker.privatePem)),
      );
      expect(await me(node, forged)).toBe(401);
    }
    expect(await me(node, good)).toBe(200);
  });

  it('leaves records of being made, ordered, taking over and going', async () => {
    const gatehouse = await start();
    await rotate(gatehouse);
    gatehouse.clock.advance({ minutes: 10 });
    await gatehouse.server.deps.keys.tend();
    gatehouse.clock.advance({ days: 2 });
    await gatehouse.server.deps.keys.tend();
    const rows = await gatehouse.sql<{ action: string }>(
      `select action from gatehouse.audit_records where resource_type = 'signing_key' order by id`,
    );
    expect(rows.map(({ action }) => action.replace('signing_key_', ''))).toEqual([
      'created',
      'created',
      'rotation_ordered',
      'rotated',
      'created',
      'removed',
    ]);
  });
});

describe('the JWK Set', () => {
  it('may be kept for five minutes, and answers 304 to whoever has it until a key changes', async () => {
    const gatehouse = await start();
    const get = (headers: Record<string, string> = {}) =>
      gatehouse.browser().get('/.well-known/jwks.json', headers);
    const first = await get();
    expect(first.headers['cache-control']).toBe('public, max-age=300');
    const etag = String(first.headers.etag);
    const again = await get({ 'if-none-match': etag });
    expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag]);
    expect(again.headers['cache-control']).toBe('public, max-age=300');
    gatehouse.clock.advance({ minutes: 10 });
    await rotate(gatehouse);
    const changed = await get({ 'if-none-match': etag });
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).not.toBe(etag);
  });
});
