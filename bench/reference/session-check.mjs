// Bare reference for `me`: node:http, one prepared SELECT of the session with its user, JSON.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const CHECK = {
  name: 'check',
  text: `select s.id, s.expires_at, u.id as user_id, u.email, u.name
         from sessions s join users u on u.id = s.user_id where s.token_hash = $1 and s.expires_at > now()`,
};

createServer(async (request, response) => {
  if (request.method !== 'GET' || request.url !== '/me') return answer(response, 404, { code: 'not_found' });
  const token = /(?:^|; )rt=([A-Za-z0-9_-]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (!token) return answer(response, 401, { code: 'no_cookie' });
  try {
    const { rows } = await pool.query({ ...CHECK, values: [createHash('sha256').update(token).digest()] });
    if (rows.length === 0) return answer(response, 401, { code: 'no_session' });
    const [row] = rows;
    answer(response, 200, {
      user: { id: row.user_id, email: row.email, name: row.name },
      session: { id: row.id, expiresAt: row.expires_at },
    });
  } catch (error) {
    console.error(error);
    answer(response, 500, { code: 'failed' });
  }
}).listen(Number(process.env.PORT), '127.0.0.1');

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
