import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { createTokenSigner, generateNoteKey } from '../../../platform/crypto/index.ts';
import { rotateAuditKey } from './audit-keys.ts';
import { openCheckpoint } from './checkpoint.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { TOKEN_ALGORITHM: 'eddsa' } });
});
afterAll(() => gatehouse.close());

const published = async () =>
  (await gatehouse.browser().get('/.well-known/gatehouse-audit-keys.json')).body.keys as {
    kid: string;
    publicKey: string;
    use: string;
    status: string;
  }[];

describe('the keys of audit checkpoints', () => {
  it('sign checkpoints, and no token verifies by them [threat 80]', async () => {
    const [key] = await published();
    expect(key).toMatchObject({ use: 'audit-checkpoint', alg: 'Ed25519', status: 'active' });
    const jwks = (await gatehouse.browser().get('/.well-known/jwks.json')).body.keys as {
      kid: string;
      x: string;
    }[];
    const raw = Buffer.from(key?.publicKey ?? '', 'base64').toString('base64url');
    expect(jwks.map(({ kid }) => kid)).not.toContain(key?.kid);
    expect(jwks.map(({ x }) => x)).not.toContain(raw);
    // The best that a thief of the audit key could make of it: a token that names the key, rightly signed.
    const [row] = await gatehouse.sql<{ private_sealed: string; kid: string }>(
      'select kid, private_sealed from gatehouse.audit_keys',
    );
    const { sealer, clock } = gatehouse.server.deps;
    const kid = row?.kid ?? '';
    const publicJwk = { kty: 'OKP', crv: 'Ed25519', x: raw, kid, alg: 'EdDSA', use: 'sig' as const };
    const privatePem = sealer.open(row?.private_sealed ?? '', `audit key ${kid}`).toString('utf8');
    const active = { kid, alg: 'EdDSA' as const, publicJwk, privatePem };
    const token = createTokenSigner({ active, all: [active] }).sign({
      iss: gatehouse.config.publicUrl,
      aud: gatehouse.config.publicUrl,
      exp: Math.floor(clock.now().getTime() / 1000) + 600,
    });
    const answer = await gatehouse.browser().get('/api/v1/auth/me', { authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 401, body: { code: 'auth.token_invalid' } });
    expect(gatehouse.server.deps.tokens.verify(token)).toBeUndefined();
  });

  it('are sealed in the database, and in no answer', async () => {
    const rows = await gatehouse.sql<{ private_sealed: string }>(
      'select private_sealed from gatehouse.audit_keys',
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.private_sealed).toMatch(/^v1\./);
    const { text } = await gatehouse.browser().get('/.well-known/gatehouse-audit-keys.json');
    expect(text).not.toMatch(/private|v1\.|"d"/i);
  });

  it('are one, though three nodes start for the first time at once', async () => {
    const name = gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
    await gatehouse.sql('delete from gatehouse.audit_keys');
    const nodes = await Promise.all(
      [1, 2, 3].map(() => startServer({ database: name, clock: gatehouse.clock })),
    );
    const kids = nodes.map((node) => node.server.deps.auditKeys.active.kid);
    expect(new Set(kids).size).toBe(1);
    await Promise.all(nodes.map((node) => node.close()));
  });

  it('rotate while two nodes seal: each follows, and what the old one signed still verifies', async () => {
    const name = gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
    const node = await startServer({ database: name, clock: gatehouse.clock });
    const keyOf = async () =>
      (
        await gatehouse.sql<{ kid: string }>(`select kid from gatehouse.audit_keys where status = 'active'`)
      )[0]?.kid;
    try {
      const admin = await gatehouse.admin();
      await gatehouse.server.deps.sealing.run();
      const old = (await admin.get('/api/v1/audit/checkpoint')).text;
      const [before] = await published();
      const rotated = await rotateAuditKey(gatehouse.server.deps);
      expect(rotated).toEqual({ kid: await keyOf(), retired: before?.kid });
      // The other node was not told: it signs with the new key as soon as it seals.
      await gatehouse.admin();
      await node.server.deps.sealing.run();
      const { text } = await admin.get('/api/v1/audit/checkpoint');
      const { active, all } = node.server.deps.auditKeys;
      expect(active.kid).toBe(await keyOf());
      expect(openCheckpoint(text, [active.signer.publicKey])).toBeDefined();
      expect(openCheckpoint(old, [active.signer.publicKey])).toBeUndefined();
      expect(
        openCheckpoint(
          old,
          all.map(({ signer }) => signer.publicKey),
        ),
      ).toBeDefined();
      await gatehouse.server.deps.sealing.run();
      expect((await published()).map(({ status }) => status)).toEqual(['active', 'retired']);
      const { body } = await admin.get('/api/v1/audit?limit=200');
      const states = (body.items as { seal: { state: string } }[]).map(({ seal }) => seal.state);
      expect(new Set(states)).toEqual(new Set(['verified']));
      const [recorded] = (await admin.get('/api/v1/audit?action=signing_key_rotated')).body.items as object[];
      expect(recorded).toMatchObject({
        resource: { type: 'audit_key', id: active.kid },
        after: { retired: before?.kid },
      });
    } finally {
      await node.close();
    }
  });

  it('rotated by several at once are a line of keys, of which one signs', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => rotateAuditKey(gatehouse.server.deps)));
    const made = outcomes.filter((outcome) => outcome !== undefined);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ retired }) => retired)).size).toBe(made.length);
    await gatehouse.server.deps.sealing.run();
    const keys = await published();
    expect(keys.filter(({ status }) => status === 'active')).toHaveLength(1);
    expect(keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining(made.map(({ kid }) => kid)));
  });

  it('do not count when they were written without the key-encryption key [threat 80]', async () => {
    const forged = generateNoteKey();
    const name = gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
    // Another public half beside the sealed private one: it is not believed.
    await gatehouse.sql('update gatehouse.audit_keys set public_key = $1', [forged.publicKey]);
    const node = await startServer({ database: name, clock: gatehouse.clock });
    expect(node.server.deps.auditKeys.active.signer.publicKey).not.toEqual(forged.publicKey);
    await node.close();
    // A row of their own: it does not open, and the server says so instead of trusting it.
    await gatehouse.sql(
      `insert into gatehouse.audit_keys (kid, public_key, private_sealed, status, created_at) values ($1, $2, $3, 'retired', now())`,
      [forged.kid, forged.publicKey, 'v1.none.none.none'],
    );
    await expect(startServer({ database: name, clock: gatehouse.clock })).rejects.toThrow(/sealed/);
  });
});
