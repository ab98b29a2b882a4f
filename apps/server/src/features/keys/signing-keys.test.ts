import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { ADMIN, startServer } from '../../../test/server.fixture.ts';

const SECRET = 'a shared secret of more than thirty-two characters';

describe('access tokens', () => {
  it.each(['es256', 'rs256', 'eddsa'])(
    'signed with %s verify by the published JWKS alone, with the claims of RFC 9068',
    async (algorithm) => {
      const gatehouse = await startServer({ env: { TOKEN_ALGORITHM: algorithm } });
      try {
        const browser = await gatehouse.admin();
        const jwks = (await browser.get('/.well-known/jwks.json')).body as never;
        expect(JSON.stringify(jwks)).not.toMatch(/"d":|"p":|"q":/);
        const { payload, protectedHeader } = await jwtVerify(
          browser.cookies.get('__Host-gh.console.at') ?? '',
          createLocalJWKSet(jwks),
          {
            issuer: gatehouse.config.publicUrl,
            audience: gatehouse.config.publicUrl,
            typ: 'at+jwt',
            currentDate: gatehouse.clock.now(),
          },
        );
        expect(protectedHeader.alg.toLowerCase()).toBe(algorithm);
        for (const claim of [
          'iss',
          'sub',
          'aud',
          'client_id',
          'exp',
          'iat',
          'jti',
          'sid',
          'tenant_id',
          'roles',
          'scope',
          'amr',
          'acr',
          'auth_time',
        ]) {
          expect(payload, claim).toHaveProperty(claim);
        }
        expect(payload).toMatchObject({
          client_id: 'console',
          roles: ['PLATFORM_ADMIN', 'admin'],
          amr: ['pwd'],
        });
        expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900);
      } finally {
        await gatehouse.close();
      }
    },
  );

  it('in HS256 compatibility mode verify by the shared secret, and no key is published', async () => {
    const gatehouse = await startServer({ env: { TOKEN_ALGORITHM: 'hs256', SECRET_KEY: SECRET } });
    try {
      const browser = await gatehouse.admin();
      const { payload } = await jwtVerify(
        browser.cookies.get('__Host-gh.console.at') ?? '',
        new TextEncoder().encode(SECRET),
        { currentDate: gatehouse.clock.now() },
      );
      expect(payload.sub).toBeDefined();
      expect((await browser.get('/.well-known/jwks.json')).body).toEqual({ keys: [] });
      expect((await browser.get('/api/v1/auth/me')).status).toBe(200);
    } finally {
      await gatehouse.close();
    }
  });

  it('of one key are made on first starts of two nodes at once, and the private half is sealed', async () => {
    const first = await startServer();
    try {
      const name = first.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
      await first.sql('delete from gatehouse.signing_keys');
      const nodes = await Promise.all(
        [1, 2, 3].map(() => startServer({ database: name, clock: first.clock })),
      );
      const rows = await first.sql<{ private_sealed: string }>(
        `select private_sealed from gatehouse.signing_keys where status = 'active'`,
      );
      expect(rows).toHaveLength(1);
      expect(rows[0]?.private_sealed).not.toContain('PRIVATE KEY');
      const [one, two] = nodes;
      const browser = one?.browser();
      await browser?.post('/api/v1/auth/login', ADMIN);
      const other = two?.browser();
      for (const [cookie, value] of browser?.cookies ?? []) other?.cookies.set(cookie, value);
      expect((await other?.get('/api/v1/auth/me'))?.status).toBe(200);
      await Promise.all(nodes.map((node) => node.close()));
    } finally {
      await first.close();
    }
  });
});
