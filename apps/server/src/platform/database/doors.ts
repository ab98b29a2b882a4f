import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Driver,
} from 'kysely';
import type pg from 'pg';
import { isUuid, type TenantId } from '../ids.ts';
import type { Traces } from '../traces/index.ts';
import { asUnavailable, statementName, type Pool } from './pool.ts';
import type { DB } from './schema.generated.ts';

declare const kind: unique symbol;
/** A transaction that has entered one tenant. Every repository function takes it first. */
export type TenantTx = Kysely<DB> & {
  readonly [kind]: 'tenant';
  readonly tenantId: TenantId;
  readonly actorTenantId: TenantId;
  readonly subjectTenantId: TenantId;
};
/** A transaction of a named job over all tenants, under policies of its own (never BYPASSRLS). */
export type SystemTx = Kysely<DB> & { readonly [kind]: 'system' };

declare const entered: unique symbol;
/** Proof that a principal may work in a tenant. Only `enterTenant()` makes one. */
export interface Entered {
  readonly [entered]: true;
  readonly tenantId: TenantId;
  /** The home of whoever acts; another one when the platform or a partner acts from above. */
  readonly actorTenantId: TenantId;
  /** The home of the person who acts, where the key lies that seals what records say of them. */
  readonly subjectTenantId: TenantId;
}

/** The two doors to the data. The raw handle is not exported: there is no third. */
export interface Doors {
  /** One transaction in one tenant, as `gatehouse_app`, under row security. Rolled back when `work` throws. */
  withTenant<T>(scope: Entered, work: (tx: TenantTx) => Promise<T>): Promise<T>;
  /** One transaction of a cross-tenant job, as `gatehouse_system`. The reason is in the database's own log and statistics. */
  asSystem<T>(reason: string, work: (tx: SystemTx) => Promise<T>): Promise<T>;
  /** One listed SECURITY DEFINER function, in one round trip (docs/security/rls-exceptions.md). */
  call<R extends pg.QueryResultRow>(statement: string, values: unknown[]): Promise<R[]>;
  /** Called after each transaction in a tenant, however it ended: what was read before may be out of date. */
  onTenantChange(listener: () => void): void;
  close(): Promise<void>;
}

export function createDoors(pool: Pool, rolePrefix: string, traces: Traces): Doors {
  const transaction = async <T>(begin: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await traces.statement('begin', () => client.query(begin));
      const result = await work(client);
      // A commit after a failed statement rolls back and says so, without an error: nobody may take it for done.
      const { command } = await traces.statement('commit', () => client.query('commit'));
      if (command !== 'COMMIT')
        throw new Error('the transaction was rolled back: one of its statements failed');
      return result;
    } catch (error) {
      // A connection that cannot roll back is in an unknown state and is not used again.
      await client.query('rollback').catch((fault: unknown) => {
        broken = fault instanceof Error ? fault : new Error('rollback failed');
      });
      throw asUnavailable(error);
    } finally {
      client.release(broken);
    }
  };
  const listeners: (() => void)[] = [];
  return {
    async withTenant(scope, work) {
      try {
        return await transaction(enterSql(rolePrefix, scope), (client) =>
          work(
            Object.assign(kyselyOn(client, traces), {
              tenantId: scope.tenantId,
              actorTenantId: scope.actorTenantId,
              subjectTenantId: scope.subjectTenantId,
            }) as TenantTx,
          ),
        );
      } finally {
        for (const listener of listeners) listener();
      }
    },
    asSystem: (reason, work) =>
      transaction(
        `begin; set local role ${rolePrefix}system; set local application_name = '${plain(reason)}'`,
        (client) => work(kyselyOn(client, traces) as SystemTx),
      ),
    call: (statement, values) => traces.statement(statement, () => pool.query(statement, values)),
    onTenantChange: (listener) => void listeners.push(listener),
    close: () => pool.end(),
  };
}

// One round trip. SECURITY: SET LOCAL and is_local end with the transaction, so that a pooled connection carries nothing
// over (threat 15). The ids are checked to be UUIDs, since a batch of statements takes no parameters.
function enterSql(rolePrefix: string, { tenantId, actorTenantId, subjectTenantId }: Entered): string {
  if (![tenantId, actorTenantId, subjectTenantId].every(isUuid))
    throw new TypeError('a tenant id must be a UUID');
  return (
    `begin; set local role ${rolePrefix}app; set local gatehouse.tenant_id = '${tenantId}'; ` +
    `set local gatehouse.actor_tenant_id = '${actorTenantId}'; set local gatehouse.subject_tenant_id = '${subjectTenantId}'`
  );
}

const plain = (reason: string) => `gatehouse: ${reason}`.replaceAll(/[^a-z0-9 :_-]/gi, '').slice(0, 63);

/**
 * Carries on in a tenant that this very transaction has just made, for its first user and first role.
 *
 * SECURITY: the database checks that the row is this transaction's own, so that it cannot be used to enter any other tenant.
 */
export async function inNewTenant<T>(
  tx: TenantTx,
  tenantId: TenantId,
  work: (tx: TenantTx) => Promise<T>,
): Promise<T> {
  const own = await tx.executeQuery<{ own: boolean }>(
    CompiledQuery.raw(
      'select exists (select from gatehouse.tenants where id = $1 and xmin::text::bigint = pg_current_xact_id()::text::bigint % 4294967296) as own',
      [tenantId],
    ),
  );
  if (own.rows[0]?.own !== true) throw new Error('inNewTenant: not a tenant of this transaction');
  const enter = (id: TenantId) =>
    tx.executeQuery(CompiledQuery.raw("select set_config('gatehouse.tenant_id', $1, true)", [id]));
  await enter(tenantId);
  // The same connection and transaction, under the other tenant's name.
  const inside = Object.assign(tx.withSchema('gatehouse'), {
    tenantId,
    actorTenantId: tenantId,
    subjectTenantId: tx.subjectTenantId,
  }) as TenantTx;
  const result = await work(inside);
  await enter(tx.tenantId);
  return result;
}

/** Kysely over one checked-out client; begin and commit are the door's. */
function kyselyOn(client: pg.PoolClient, traces: Traces): Kysely<DB> {
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql: text, parameters }: CompiledQuery) {
      const query = { name: statementName(text), text, values: parameters as unknown[] };
      const result = await traces.statement(text, () => client.query(query));
      return { rows: result.rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) };
    },
    // The interface asks for it; every list here is a page.
    streamQuery() {
      throw new Error('streaming is not supported: read a page');
    },
  };
  const refuse = () => Promise.reject(new Error('the door holds the transaction'));
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }).withSchema('gatehouse');
}
