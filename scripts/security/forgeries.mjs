import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Tokens that nobody may take. With a real one at hand, its own claims under other signatures. */
export function forgeries(origin, jwks, token) {
  const now = Math.floor(Date.now() / 1000);
  const claims = token
    ? JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    : {
        iss: origin,
        aud: origin,
        sub: randomUUID(),
        sid: randomUUID(),
        tid: '00000000-0000-7000-8000-000000000001',
        jti: randomUUID(),
        client_id: 'console',
        iat: now,
        exp: now + 600,
      };
  const header = { alg: 'ES256', typ: 'at+jwt', kid: jwks[0]?.kid ?? 'key-1' };
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = publicKey.export({ format: 'jwk' });
  const es256 = (head, body = claims) => {
    const text = `${part(head)}.${part(body)}`;
    return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const hs256 = (secret, head = { ...header, alg: 'HS256' }) => {
    const text = `${part(head)}.${part(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const none = (alg) => `${part({ ...header, alg })}.${part(claims)}.`;
  return [
    ...['none', 'None', 'NONE', 'nOnE', ''].map((alg) => [`alg "${alg}"`, none(alg)]),
    ...jwks.flatMap((key) =>
      [JSON.stringify(key), key.x, key.n, key.kid]
        .filter(Boolean)
        .map((secret) => ['HS256 with a public key as its secret', hs256(secret)]),
    ),
    ...[
      'secret',
      'changeme',
      'your-256-bit-secret',
      'gatehouse',
      'password',
      '',
      'default',
      'supersecret',
    ].map((secret) => [`HS256 with the secret "${secret}"`, hs256(secret)]),
    ['a key of its own', es256(header)],
    ['a key of its own in the header', es256({ ...header, jwk: own })],
    ['a key of its own by jku', es256({ ...header, jku: 'https://evil.invalid/jwks.json' })],
    ['a key of its own by x5u', es256({ ...header, x5u: 'https://evil.invalid/cert.pem' })],
    ['an unknown crit', es256({ ...header, crit: ['exp'], exp: now })],
    ['a path as kid', es256({ ...header, kid: '../../../../dev/null' })],
    ['SQL as kid', es256({ ...header, kid: "x' or '1'='1" })],
    ['no signature', `${part(header)}.${part(claims)}.`],
    ['no claims', `${part(header)}.e30.AAAA`],
    ...(token
      ? [
          ['a real token with another tenant', withClaims(token, { tid: randomUUID() })],
          ['a real token with another user', withClaims(token, { sub: randomUUID() })],
          ['a real token without its signature', `${token.split('.').slice(0, 2).join('.')}.`],
        ]
      : []),
  ];
}

const withClaims = (token, changed) => {
  const [head, body, signature] = token.split('.');
  return `${head}.${part({ ...JSON.parse(Buffer.from(body ?? '', 'base64url').toString('utf8')), ...changed })}.${signature}`;
};
