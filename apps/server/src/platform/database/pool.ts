import type { Duplex } from 'node:stream';
import pg from 'pg';
import { sha256 } from '../crypto/digest.ts';
import { type Circuit, DatabaseUnavailable } from './circuit.ts';

/**
 * The connections of this process, as the login role, which may execute a handful of functions and nothing else.
 *
 * Every statement with parameters is a named prepared statement: the plan is made once for each connection.
 */
export interface Pool {
  connect(): Promise<pg.PoolClient>;
  query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<R[]>;
  /** How many connections there are, and how many wait for one. */
  count(): { busy: number; idle: number; waiting: number };
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

/** So many may wait for each connection; whoever comes after them is refused at once (measured: they wait for half a second). */
const WAITING_FOR_EACH = 100;

export function createPool(options: {
  url: string;
  size: number;
  circuit: Circuit;
  onError(error: Error): void;
}): Pool {
  const { circuit, size } = options;
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
  const clients = new Set<pg.PoolClient>();
  pool.on('connect', (client) => {
    clients.add(client);
    // One that breaks while it is in use tells whoever uses it, by the statement that fails; but it tells once more, and that
    // would end the process as well.
    client.on('error', () => undefined);
  });
  pool.on('remove', (client) => clients.delete(client));
  // What was asked of a database that is away is not waited for: its statements fail, and their requests answer.
  circuit.onOpen(() => {
    for (const client of clients) streamOf(client).destroy(new Error('Connection terminated'));
  });
  const check = () => {
    circuit.check();
    if (pool.waitingCount >= size * WAITING_FOR_EACH)
      throw new DatabaseUnavailable('too many wait for the database');
  };
  const connect = async () => {
    check();
    const connected = pool.connect();
    try {
      return await circuit.guard(connected);
    } catch (error) {
      // It may come yet, to nobody.
      connected.then(
        (client) => client.release(true),
        () => undefined,
      );
      throw asUnavailable(error);
    }
  };
  return {
    connect,
    async query<R extends pg.QueryResultRow>(text: string, values: unknown[]) {
      check();
      try {
        const result = await circuit.guard(pool.query<R>({ name: statementName(text), text, values }));
        return result.rows;
      } catch (error) {
        throw asUnavailable(error);
      }
    },
    count: () => ({
      busy: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    end: () => pool.end(),
  };
}

/** The socket, which @types/pg does not speak of: `end()` would wait for a database that does not answer. */
export const streamOf = (client: pg.ClientBase): Duplex =>
  (client as unknown as { connection: { stream: Duplex } }).connection.stream;

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
