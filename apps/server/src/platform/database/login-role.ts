import pg from 'pg';
import { randomSecret } from '../crypto/digest.ts';
import type { SealedColumn, Sealer } from '../crypto/index.ts';
import { whyUnreachable } from './probe.ts';

const CONTEXT = 'password of the login role';

export const LOGIN_PASSWORD: SealedColumn = {
  table: 'login_role',
  column: 'password_sealed',
  key: { only_row: 'boolean' },
  context: () => CONTEXT,
};

/**
 * The password with which the server logs in, where the deployment makes the login role itself: made once, kept sealed, and given
 * to the role again where that has another one (roles belong to a cluster, and do not come along when a database is restored).
 *
 * @throws {SealError} when it is sealed under a key that is not at hand
 */
export async function ensureLoginPassword(options: {
  adminUrl: string;
  rolePrefix: string;
  sealer: Sealer;
  /** The login role's URL with a password. */
  urlWith(password: string): string;
}): Promise<string> {
  const { adminUrl, rolePrefix, sealer, urlWith } = options;
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`begin; set local role ${rolePrefix}owner`);
    const fresh = sealer.seal(randomSecret(24).toString('base64url'), CONTEXT);
    await client.query(
      'insert into gatehouse.login_role (password_sealed) values ($1) on conflict do nothing',
      [fresh],
    );
    const { rows } = await client.query<{ password_sealed: string }>(
      'select password_sealed from gatehouse.login_role',
    );
    await client.query('commit');
    const password = sealer.open(rows[0]?.password_sealed ?? '', CONTEXT).toString('utf8');
    if ((await whyUnreachable(urlWith(password))) !== undefined)
      await client.query(`alter role ${rolePrefix}login password ${pg.escapeLiteral(password)}`);
    return password;
  } finally {
    await client.end();
  }
}
