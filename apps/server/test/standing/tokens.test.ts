import { createPublicKey, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { claimsOf, encode, es256, type Forge, hs256, openForge, token } from './forge.fixture.ts';
import { addPerson, call, type Person, registerTenant } from './people.fixture.ts';

/** Access tokens: the algorithm belongs to the key, and nothing in a token chooses how it is judged. */
describe('access tokens', () => {
  let gatehouse: TestServer;
  let forge: Forge;
  let person: Person;
  let stranger: Person;
  let claims: Record<string, unknown>;
  beforeAll(async () => {
    gatehouse = await startServer();
    const alpha = await registerTenant(gatehouse, 'Alpha', 'first@alpha.example');
    const beta = await registerTenant(gatehouse, 'Beta', 'first@beta.example');
    person = await addPerson(gatehouse, alpha.tenantId, ['admin']);
    stranger = await addPerson(gatehouse, beta.tenantId, ['admin']);
    forge = await openForge(gatehouse);
    claims = claimsOf(person.token);
  });
  afterAll(() => gatehouse.close());

  const header = (more: object = {}) => ({ alg: 'ES256', typ: 'at+jwt', kid: forge.kid, ...more });
  const ours = (input: string) => es256(input, forge.privateKey);
  const theirs = (input: string) => es256(input, forge.other.privateKey);
  const me = (text: string) => call(gatehouse, text, { method: 'GET', url: '/api/v1/auth/me' });
  async function expectRefused(text: string, why: string, code = 'auth.token_invalid'): Promise<void> {
    const answer = await me(text);
    expect(answer.status, `${why}: ${answer.text}`).toBe(401);
    expect(answer.body.code, why).toBe(code);
    // The same in a cookie.
    const cookie = await gatehouse
      .browser()
      .get('/api/v1/auth/me', { cookie: `__Host-gh.console.at=${encodeURIComponent(text)}` });
    expect(cookie.status, `${why}, in a cookie`).toBe(401);
  }

  it('are taken when they are made the same way as the attacks below, so that those are refused for their own fault', async () => {
    expect((await me(token(header(), claims, ours))).status).toBe(200);
  });

  it('are refused without a signature, whatever the spelling of none [threat 61]', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'null', null, undefined, [], {}, 0, true])
      for (const signature of ['', ours('x').toString('base64url')])
        await expectRefused(
          token(header({ alg }), claims, () => signature),
          `alg ${JSON.stringify(alg)}`,
        );
    await expectRefused(`${encode(header({ alg: 'none' }))}.${encode(claims)}`, 'two parts');
    await expectRefused(`${encode(header())}.${encode(claims)}.`, 'an empty signature');
  });

  it('are refused when the public key was used as an HMAC secret [threat 61]', async () => {
    const key = createPublicKey({ key: forge.publicJwk, format: 'jwk' });
    const jwks = (await gatehouse.browser().get('/.well-known/jwks.json')).text;
    const secrets: (string | Buffer)[] = [
      key.export({ format: 'pem', type: 'spki' }),
      String(key.export({ format: 'pem', type: 'spki' })).trim(),
      key.export({ format: 'der', type: 'spki' }),
      JSON.stringify(forge.publicJwk),
      JSON.stringify(key.export({ format: 'jwk' })),
      jwks,
      Buffer.from(String(forge.publicJwk.x), 'base64url'),
      forge.kid,
      '',
    ];
    for (const [index, secret] of secrets.entries())
      for (const alg of ['HS256', 'hs256', 'HS512', 'ES256'])
        await expectRefused(
          token(header({ alg }), claims, (input) => hs256(input, secret)),
          `${alg} with secret ${index}`,
        );
  });

  it('are refused under any algorithm but that of their key [threat 61]', async () => {
    for (const alg of ['ES384', 'ES512', 'ES256K', 'RS256', 'PS256', 'EdDSA', 'es256', 'ES256 ', 'A256GCM'])
      await expectRefused(token(header({ alg }), claims, ours), alg);
  });

  it('are refused with a key of the attacker’s in the header, and with any header that is not ours [threat 61]', async () => {
    const foreign = {
      jwk: forge.other.publicJwk,
      jku: 'https://evil.example/jwks.json',
      x5u: 'https://evil.example/chain.pem',
      x5c: ['MIIB'],
      x5t: 'thumb',
      'x5t#S256': 'thumb',
      crit: ['exp'],
      b64: false,
      zip: 'DEF',
      cty: 'JWT',
      enc: 'A256GCM',
      epk: forge.other.publicJwk,
    };
    for (const [name, value] of Object.entries(foreign)) {
      await expectRefused(
        token(header({ [name]: value }), claims, theirs),
        `${name}, signed by the attacker`,
      );
      // Even rightly signed: nothing in a header may point to a key.
      await expectRefused(token(header({ [name]: value }), claims, ours), `${name}, rightly signed`);
    }
    await expectRefused(token(header(), claims, theirs), 'the attacker’s signature');
  });

  it('are refused with a kid that names a file, a statement, a prototype or nothing [threat 61]', async () => {
    const kids = [
      '../../../../dev/null',
      '/dev/null',
      "x' or '1'='1",
      "x' union select 'secret' --",
      '__proto__',
      'constructor',
      'toString',
      '',
      'x'.repeat(4000),
      `${forge.kid}\u0000`,
      ` ${forge.kid}`,
      null,
      1,
      [forge.kid],
      { kid: forge.kid },
      undefined,
    ];
    // All at once: each of an unknown key waits for the next look for it, half a second at most.
    await Promise.all(
      kids.map(async (kid) => {
        const why = `kid ${JSON.stringify([kid]).slice(0, 30)}`;
        await expectRefused(token(header({ kid }), claims, ours), why);
        await expectRefused(
          token(header({ kid, alg: 'HS256' }), claims, (input) => hs256(input, '')),
          `${why}, HS256`,
        );
      }),
    );
  });

  it('are refused with a claim or a header named twice, even rightly signed [threat 61]', async () => {
    const text = JSON.stringify(claims);
    const past = Math.floor(gatehouse.clock.now().getTime() / 1000) - 60;
    for (const twice of [
      `{"exp":${past},${text.slice(1)}`,
      `${text.slice(0, -1)},"exp":${past + 9000}}`,
      `{"sid":"${stranger.opened.sessionId}",${text.slice(1)}`,
      `${text.slice(0, -1)},"iss":"https://evil.example","iss":${JSON.stringify(claims.iss)}}`,
    ])
      await expectRefused(token(header(), twice, ours), twice.slice(0, 40));
    for (const twice of [
      `{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"${forge.kid}"}`,
      `{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"${forge.kid}"}`,
    ])
      await expectRefused(token(twice, claims, ours), twice);
  });

  it('are refused with another issuer, audience or type, or none [threat 61]', async () => {
    const right = gatehouse.config.publicUrl;
    const wrong = [
      'https://evil.example',
      `${right}/`,
      `${right}.evil.example`,
      right.toUpperCase(),
      right.slice(0, -1),
      '',
      null,
      undefined,
      [right],
      [right, 'https://evil.example'],
      { iss: right },
      1,
    ];
    for (const name of ['iss', 'aud'])
      for (const value of wrong)
        await expectRefused(
          token(header(), { ...claims, [name]: value }, ours),
          `${name} ${JSON.stringify(value)}`,
        );
    for (const typ of ['JWT', 'jwt', 'id_token', 'logout+jwt', 'at+jwt ', '', null, undefined, ['at+jwt']])
      await expectRefused(token(header({ typ }), claims, ours), `typ ${JSON.stringify(typ)}`);
  });

  it('are refused once they have expired, and without a time at which they do', async () => {
    const now = Math.floor(gatehouse.clock.now().getTime() / 1000);
    for (const exp of [now, now - 1, 0, -1, String(now + 600), null, undefined, [now + 600], true, 'never'])
      await expectRefused(token(header(), { ...claims, exp }, ours), `exp ${JSON.stringify(exp)}`);
    // What was verified once is still judged by its time.
    const short = token(header(), { ...claims, exp: now + 30 }, ours);
    expect((await me(short)).status).toBe(200);
    gatehouse.clock.advance({ seconds: 31 });
    await expectRefused(short, 'expired since');
  });

  it('are refused in any other spelling of their three parts [threat 61]', async () => {
    const fresh = token(header(), claims, ours);
    const [head = '', body = '', signature = ''] = fresh.split('.');
    const der = sign('sha256', Buffer.from(`${head}.${body}`), { key: forge.privateKey, dsaEncoding: 'der' });
    const last = signature.slice(-1);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spellings: Record<string, string> = {
      padded: `${fresh}==`,
      'padded head': `${head}=.${body}.${signature}`,
      'base64 of the signature': `${head}.${body}.${Buffer.from(signature, 'base64url').toString('base64')}`,
      'four parts': `${fresh}.x`,
      'a fourth empty part': `${fresh}.`,
      'five parts': `${head}..${body}.${signature}.x`,
      'DER signature': `${head}.${body}.${der.toString('base64url')}`,
      'zero signature': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
      'one-byte signature': `${head}.${body}.AA`,
      'truncated signature': fresh.slice(0, -2),
      'longer signature': `${fresh}AAAA`,
      'line break in the signature': `${head}.${body}.${signature.slice(0, 10)}\n${signature.slice(10)}`,
      'other payload': `${head}.${encode({ ...claims, sid: stranger.opened.sessionId })}.${signature}`,
      'payload with spaces': `${head}.${encode(JSON.stringify(claims, null, 1))}.${signature}`,
      'JSON serialization': JSON.stringify({ protected: head, payload: body, signature }),
      'twice over': `${fresh},${fresh}`,
    };
    for (let bit = 1; bit < 64; bit += 1) {
      const other = alphabet[(alphabet.indexOf(last) ^ bit) % 64] ?? '';
      spellings[`last character ${other}`] = fresh.slice(0, -1) + other;
    }
    for (const [why, text] of Object.entries(spellings)) {
      const answer = await call(gatehouse, undefined, {
        method: 'GET',
        url: '/api/v1/auth/me',
        headers: { authorization: `Bearer ${text.replace('\n', ' ')}` },
      });
      expect(answer.status, `${why}: ${answer.text}`).toBe(401);
    }
    expect((await me(fresh)).status).toBe(200);
  });

  it('are refused with the session of another tenant, user or client, even rightly signed [threat 9]', async () => {
    const swaps: Record<string, unknown>[] = [
      { home_tenant_id: stranger.tenantId },
      { home_tenant_id: newId() },
      { sid: stranger.opened.sessionId },
      { sid: newId() },
      { client_id: 'another' },
    ];
    for (const swap of swaps)
      await expectRefused(
        token(header(), { ...claims, ...swap }, ours),
        JSON.stringify(swap),
        'auth.session_expired',
      );
    for (const swap of [
      { sid: `${String(claims.sid)}'--` },
      { sid: null },
      { home_tenant_id: '../x' },
      { client_id: 1 },
    ])
      await expectRefused(token(header(), { ...claims, ...swap }, ours), JSON.stringify(swap));
  });

  it('take nothing from what they claim about roles: the database says what a session is worth now', async () => {
    const viewer = await addPerson(gatehouse, person.tenantId, []);
    const grand = {
      ...claimsOf(viewer.token),
      roles: ['PLATFORM_ADMIN', 'admin'],
      permissions: ['audit:read'],
      scope: 'admin',
    };
    const answer = await call(gatehouse, token(header(), grand, ours), {
      method: 'GET',
      url: '/api/v1/audit',
    });
    expect(answer.status).toBe(403);
  });

  it('of another deployment are refused, even with the same name, address and master key [threat 74]', async () => {
    const other = await startServer();
    try {
      const admin = await other.admin();
      const foreign = admin.cookies.get('__Host-gh.console.at') ?? '';
      expect(claimsOf(foreign).iss).toBe(gatehouse.config.publicUrl);
      await expectRefused(foreign, 'another deployment');
    } finally {
      await other.close();
    }
  });
});
