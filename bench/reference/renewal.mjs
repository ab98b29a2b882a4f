// Bare reference for `renewal`: node:http, one prepared UPDATE, a new cookie. No limits, no audit, no second
// look at anything: the floor under any service that rotates a token in PostgreSQL. With SIGNS=1 it does the
// whole job of a renewal: it signs an access token, too, and sets it in a cookie of its own.
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const ROTATE = {
  name: 'rotate',
  text: `update sessions set token_hash = $2, generation = generation + 1, rotated_at = now()
         where token_hash = $1 and expires_at > now() returning id, user_id, generation`,
};

createServer(async (request, response) => {
  if (request.method !== 'POST' || request.url !== '/refresh')
    return answer(response, 404, { code: 'not_found' });
  const token = /(?:^|; )rt=([A-Za-z0-9_-]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (!token) return answer(response, 401, { code: 'no_cookie' });
  const successor = randomBytes(32).toString('base64url');
  try {
    const { rows } = await pool.query({ ...ROTATE, values: [sha256(token), sha256(successor)] });
    if (rows.length === 0) return answer(response, 401, { code: 'spent' });
    const cookies = [`rt=${successor}; HttpOnly; Path=/; Max-Age=604800; SameSite=Lax`];
    if (process.env.SIGNS)
      cookies.push(`at=${signAccessToken(rows[0])}; HttpOnly; Path=/; Max-Age=900; SameSite=Lax`);
    response.setHeader('Set-Cookie', cookies);
    answer(response, 200, { user: { id: rows[0].user_id } });
  } catch (error) {
    console.error(error);
    answer(response, 500, { code: 'failed' });
  }
}).listen(Number(process.env.PORT), '127.0.0.1');

// The options ride on the key object: `{ key, dsaEncoding }` takes node:crypto twice as long.
const signingKey = Object.assign(createPrivateKey(newKey()), { dsaEncoding: 'ieee-p1363' });
const HEADER = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'bare' });

/** ES256, with as many claims as an access token of ours has (RFC 9068 §2.2). */
function signAccessToken({ id, user_id: sub, generation }) {
  const iat = Math.floor(Date.now() / 1000);
  const issuer = 'https://id.example.com';
  const claims = {
    iss: issuer,
    sub,
    aud: issuer,
    client_id: 'console',
    iat,
    exp: iat + 900,
    jti: `${id}.${generation}`,
    sid: id,
    tenant_id: sub,
    roles: ['admin'],
    scope: 'openid profile email',
    amr: ['pwd'],
    acr: '1',
    auth_time: iat,
  };
  const input = `${HEADER}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), signingKey).toString('base64url')}`;
}

function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function sha256(token) {
  return createHash('sha256').update(token).digest();
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
