import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import {
  type GatehouseDouble,
  keyDouble,
  type KeyDouble,
  signDouble,
  startGatehouseDouble,
} from '@gatehouse/testing';
import { signedIn } from '@gatehouse/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGatehouse, type Gatehouse } from './gatehouse.ts';
import { AccessProblem } from './problem.ts';

let double: GatehouseDouble;
let gatehouse: Gatehouse;
beforeAll(async () => {
  double = await startGatehouseDouble();
  gatehouse = createGatehouse({
    issuer: double.issuer,
    tenants: 'all',
    credentials: () => 'own',
    audience: 'urn:billing',
  });
  await gatehouse.start();
});
afterAll(async () => {
  await gatehouse.close();
  await double.close();
});

/** The code that a token is refused with; undefined when it is let in. */
async function codeOf(token: string, of: Gatehouse = gatehouse): Promise<string | undefined> {
  try {
    await of.admit(signedIn(), { authorization: `Bearer ${token}` });
    return undefined;
  } catch (error) {
    if (!(error instanceof AccessProblem)) throw error;
    return error.code;
  }
}
const part = (value: unknown) =>
  (Buffer.isBuffer(value)
    ? value
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  ).toString('base64url');

describe('an access token', () => {
  it('says who is calling, once its signature, issuer, audience and times hold (RFC 9068)', async () => {
    const token = double.token({ namespace: undefined, extra: 'ünïcode 🎫' });
    expect(await codeOf(token)).toBeUndefined();
    // A second look is answered at once, and says the same.
    const caller = gatehouse.admit(signedIn(), { authorization: `Bearer ${token}` });
    expect(caller).toMatchObject({
      kind: 'user',
      id: 'user-1',
      tenantId: 'tenant-1',
      sessionId: 'session-1',
      roles: ['SUPPORT_AGENT'],
      scopes: ['openid', 'profile', 'email'],
      acr: '1',
    });
    expect(await codeOf(double.token({}, { typ: 'application/at+jwt' }))).toBeUndefined();
    expect(await codeOf(double.serviceToken('urn:billing'))).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://elsewhere.example' }],
    ['of no issuer', { iss: undefined }],
    ['for another audience', { aud: 'https://elsewhere.example' }],
    ['for no audience', { aud: [] }],
    ['for the audience of services, though a person’s', { aud: 'urn:billing' }],
    ['that has expired', { exp: 1_700_000_000, iat: 1_699_999_100 }],
    ['that expires as a text', { exp: '9999999999' }],
    ['that never expires', { exp: undefined }],
    ['that lives longer than its end is remembered', { exp: Math.floor(Date.now() / 1000) + 200_000 }],
    ['that is not good yet', { nbf: Math.floor(Date.now() / 1000) + 600 }],
    ['without a time of issue', { iat: undefined }],
    ['without a subject', { sub: undefined }],
    ['with a subject that is no text', { sub: { id: 'user-1' } }],
    ['without a client', { client_id: undefined }],
    ['without a tenant', { tenant_id: undefined }],
    ['of a session that is no text', { sid: 7 }],
    ['of a person without a session', { sid: undefined }],
  ])('%s is refused', async (_which, claims) => {
    expect(await codeOf(double.token(claims))).toBe('auth.token_invalid');
  });

  it('of a service counts only where it names this service: what it got for another goes nowhere else', async () => {
    for (const audience of [double.issuer, 'urn:other', `${double.issuer}/services/other`])
      expect(await codeOf(double.serviceToken(audience))).toBe('auth.token_invalid');
    expect(await codeOf(double.serviceToken('urn:billing', { sub: 'somebody-else' }))).toBe(
      'auth.token_invalid',
    );
  });

  it('is refused whatever its header says of how to judge it [threat 61]', async () => {
    const key = double.keys[0]!;
    const [head = '', body = '', signature = ''] = double.token().split('.');
    const stranger = keyDouble('stranger');
    const { publicKey: pem } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const usual = { alg: 'ES256', typ: 'at+jwt', kid: key.kid };
    const hmac = (secret: string, header: object) => {
      const input = `${part(header)}.${body}`;
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    };
    const hs = { ...usual, alg: 'HS256' };
    const forged: [string, string][] = [
      ['none', `${part({ ...usual, alg: 'none' })}.${body}.`],
      ['None with a signature', `${part({ ...usual, alg: 'None' })}.${body}.${signature}`],
      ['nOnE without kid', `${part({ alg: 'nOnE', typ: 'at+jwt' })}.${body}.`],
      ['HS256 by the public JWK', hmac(JSON.stringify(key.jwk), hs)],
      ['HS256 by a public PEM', hmac(pem, hs)],
      ['HS256 by x', hmac(String(key.jwk.x), hs)],
      ['ES384 by name', signDouble({ ...usual, alg: 'ES384' }, claims, key)],
      ['no alg', signDouble({ typ: 'at+jwt', kid: key.kid }, claims, key)],
      ['jwk', signDouble({ ...usual, jwk: stranger.jwk }, claims, stranger)],
      ['jwk of our own key', signDouble({ ...usual, jwk: key.jwk }, claims, key)],
      ['jku', signDouble({ ...usual, jku: 'https://evil.example/jwks' }, claims, key)],
      ['x5u', signDouble({ ...usual, x5u: 'https://evil.example/cert' }, claims, key)],
      ['x5c', signDouble({ ...usual, x5c: ['MIIB'] }, claims, key)],
      ['crit', signDouble({ ...usual, crit: ['exp'] }, claims, key)],
      ['b64', signDouble({ ...usual, b64: false, crit: ['b64'] }, claims, key)],
      ['zip', signDouble({ ...usual, zip: 'DEF' }, claims, key)],
      ['another type', signDouble({ ...usual, typ: 'JWT' }, claims, key)],
      ['no type', signDouble({ alg: 'ES256', kid: key.kid }, claims, key)],
      ['another key', signDouble(usual, claims, stranger)],
      ['a key that nobody has', signDouble({ ...usual, kid: 'stranger' }, claims, stranger)],
      ...[
        '../../../../dev/null',
        "' or 1=1 --",
        '__proto__',
        'constructor',
        '',
        'first\u0000',
        'x'.repeat(5000),
      ].map((kid): [string, string] => [
        `kid ${kid.slice(0, 20)}`,
        signDouble({ ...usual, kid }, claims, key),
      ]),
      ['kid that is no text', signDouble({ ...usual, kid: ['first'] }, claims, key)],
      ['no kid', signDouble({ alg: 'ES256', typ: 'at+jwt' }, claims, key)],
      ['a header that is no object', `${part('[]')}.${body}.${signature}`],
      ['a header that is null', `${part('null')}.${body}.${signature}`],
      ['two parts', `${head}.${body}`],
      ['four parts', `${head}.${body}.${signature}.${signature}`],
      ['five parts', `${head}.${body}.${body}.${body}.${signature}`],
      ['no signature', `${head}.${body}.`],
      ['half a signature', `${head}.${body}.${signature.slice(0, 40)}`],
      ['zeroes for a signature', `${head}.${body}.${part(Buffer.alloc(64))}`],
      ['a signature in another spelling', `${head}.${body}.${respelled(signature)}`],
      ['another body', `${head}.${part({ ...claims, roles: ['admin'] })}.${signature}`],
      ['a long one', `${head}.${part({ ...claims, pad: 'x'.repeat(9000) })}.${signature}`],
    ];
    const let_in: string[] = [];
    for (const [name, token] of forged) if ((await codeOf(token)) !== 'auth.token_invalid') let_in.push(name);
    expect(let_in).toEqual([]);
    expect(await codeOf(`${head}.${body}.${signature}`)).toBeUndefined();
  });

  it('with a claim that is given twice is refused, signed or not [threat 61]', async () => {
    const key = double.keys[0]!;
    const text = Buffer.from(double.token().split('.')[1] ?? '', 'base64url').toString();
    const signed = (json: string) => signText({ alg: 'ES256', typ: 'at+jwt', kid: key.kid }, json, key);
    expect(await codeOf(signed(text))).toBeUndefined();
    for (const twice of [
      text.replace('{', '{"sub":"somebody",'),
      text.replace(/}$/, ',"roles":["admin"]}'),
      text.replace('{', '{ '),
      `\uFEFF${text}`,
    ])
      expect(await codeOf(signed(twice))).toBe('auth.token_invalid');
  });

  it('in a header that is no bearer token’s is refused', async () => {
    const token = double.token();
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      `Bearer  ${token}`,
      `Basic ${token}`,
      `Bearer ${token}, x`,
    ])
      expect(() => gatehouse.admit(signedIn(), { authorization })).toThrow(AccessProblem);
    expect(() => gatehouse.admit(signedIn(), {})).toThrow('Send an access token');
  });
});

describe('the keys', () => {
  it('are asked for again when a token names one that is not known, and not for each that does', async () => {
    const fresh = createGatehouse({ issuer: double.issuer, tenants: 'all', credentials: () => 'own' });
    await fresh.start();
    const paths = () => double.asked.get('/.well-known/jwks.json') ?? 0;
    const before = paths();
    expect(await codeOf(double.token(), fresh)).toBeUndefined();
    const stranger = keyDouble('stranger');
    for (let count = 0; count < 50; count += 1)
      expect(await codeOf(double.token({}, { kid: `made-up-${count}` }, stranger), fresh)).toBe(
        'auth.token_invalid',
      );
    expect(paths() - before).toBe(1);
    await fresh.close();
  });

  it('that cannot be asked for are no reason to call a token wrong', async () => {
    const lost = createGatehouse({
      issuer: double.issuer,
      tenants: 'all',
      url: 'http://127.0.0.1:9',
      timeout: 0.5,
    });
    expect(await codeOf(double.token(), lost)).toBe('service.unavailable');
  });
});

/** The same bytes, spelled with bits that the last character has to spare. */
function respelled(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(signature.at(-1) ?? '');
  return `${signature.slice(0, -1)}${alphabet[last ^ 1]}`;
}

function signText(header: object, json: string, { privateKey }: KeyDouble): string {
  const input = `${part(header)}.${part(json)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}
