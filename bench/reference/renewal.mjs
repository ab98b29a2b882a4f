// Bare reference for `renewal`: node:http, one prepared UPDATE, a new cookie. No limits, no audit, no second
// look at anything: the floor under any service that rotates a token in PostgreSQL.
import { createHash, randomBytes } from 'node:crypto';
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
    response.setHeader('Set-Cookie', `rt=${successor}; HttpOnly; Path=/; Max-Age=604800; SameSite=Lax`);
    answer(response, 200, { user: { id: rows[0].user_id } });
  } catch (error) {
    console.error(error);
    answer(response, 500, { code: 'failed' });
  }
}).listen(Number(process.env.PORT), '127.0.0.1');

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
