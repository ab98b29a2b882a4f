import pg from 'pg';

/** Short questions to a server before anything is served, each over a connection of its own. */
async function ask<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Why the database cannot be reached, in a few words; undefined when it can.
 *
 * SECURITY: the words are the server's or the system's own; the URL with its password is not among them.
 */
export async function whyUnreachable(url: string): Promise<string | undefined> {
  try {
    await ask(url, async () => undefined);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) return 'no answer';
    return error.message || (error as { code?: string }).code || 'no answer';
  }
}

/** Whether row security binds the role of this URL: neither a superuser nor BYPASSRLS (threat 16). */
export const isBoundByRowSecurity = (url: string): Promise<boolean> =>
  ask(url, async (client) => {
    const found = await client.query<{ free: boolean }>(
      'select rolsuper or rolbypassrls as free from pg_roles where rolname = current_user',
    );
    return found.rows[0]?.free === false;
  });

/** Whether the URL logs in as that role. */
export const isRole = (url: string, name: string): Promise<boolean> =>
  ask(url, async (client) => {
    const found = await client.query<{ same: boolean }>('select current_user = $1 as same', [name]);
    return found.rows[0]?.same === true;
  });

/** Makes a database on the server, unless it is there. */
export const ensureDatabase = (serverUrl: string, name: string): Promise<void> =>
  ask(serverUrl, async (client) => {
    const found = await client.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  });
