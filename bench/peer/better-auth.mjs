// The peer: better-auth over node:http and PostgreSQL, as its documentation sets it up, with two changes that
// make the comparison fair: passwords are bcrypt at cost 12 (its default is scrypt), and its rate limit is
// raised, not switched off. PEER_RENEWS=1 makes each session check renew the session, its nearest thing to a
// refresh.
import { createServer } from 'node:http';
import { hash, verify } from '@node-rs/bcrypt';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import pg from 'pg';

const port = Number(process.env.PORT);
const rate = { window: 60, max: 1_000_000_000 };

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: process.env.PEER_SECRET,
  telemetry: { enabled: false },
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 }),
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (password) => hash(password, { cost: 12 }),
      verify: (attempt) => verify(attempt.password, attempt.hash),
    },
  },
  session: process.env.PEER_RENEWS ? { updateAge: 0 } : {},
  rateLimit: { enabled: true, ...rate, customRules: { '/sign-in/*': rate, '/get-session': rate } },
});

if (process.argv[2] === 'migrate') {
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  process.exit(0);
}

createServer(toNodeHandler(auth)).listen(port, '127.0.0.1');
