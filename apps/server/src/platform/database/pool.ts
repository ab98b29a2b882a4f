import pg from 'pg';
import { sha256 } from '../crypto/digest.ts';

/** What is wrong with the database right now, in the one word that callers act on. */
export class DatabaseUnavailable extends Error {}

/**
 * The connections of this process, as the login role, which may execute a handful of functions and nothing else.
 *
 * Every statement with parameters is a named prepared statement: the plan is made once for each connection.
 */
export interface Pool {
  connect(): Promise<pg.PoolClient>;
  query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<R[]>;
  end(): Promise<void>;
}

const names = new Map<string, string>();
/** A prepared statement's name, from its text. */
export function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const made = `s${sha256(text).toString('base64url').slice(0, 20)}`;
  // A bound, so that statements built from many optional filters cannot grow this for ever.
  if (names.size < 2000) names.set(text, made);
  return made;
}

export function createPool(options: { url: string; size: number; onError(error: Error): void }): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.size,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'gatehouse',
    options: '-c statement_timeout=15000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000',
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', options.onError);
  // One that breaks while it is in use tells whoever uses it, by the statement that fails; but it tells once more, and that
  // would end the process as well.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  const connect = async () => {
    try {
      return await pool.connect();
    } catch (error) {
      throw asUnavailable(error);
    }
  };
  return {
    connect,
    async query<R extends pg.QueryResultRow>(text: string, values: unknown[]) {
      try {
        const result = await pool.query<R>({ name: statementName(text), text, values });
        return result.rows;
      } catch (error) {
        throw asUnavailable(error);
      }
    },
    end: () => pool.end(),
  };
}

// Class 08: connection; 57P: shutting down; 53: out of resources. Node's own codes when nothing listens at all.
const UNAVAILABLE =
  /^(08|57P0|53)|^(ECONNREFUSED|ECONNRESET|ENOENT|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const UNAVAILABLE_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/i;

/** Turns "the database is away" into {@link DatabaseUnavailable}; anything else stays what it was. */
export function asUnavailable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  const away =
    (typeof code === 'string' && UNAVAILABLE.test(code)) || UNAVAILABLE_MESSAGE.test(error.message);
  return away ? new DatabaseUnavailable('the database does not answer', { cause: error }) : error;
}
