import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('a connection that breaks', () => {
  it('between two statements of a transaction fails the transaction, and nothing beside it', async () => {
    const { doors } = gatehouse.server.deps;
    const faults: unknown[] = [];
    const note = (fault: unknown) => void faults.push(fault);
    process.on('uncaughtException', note);
    try {
      const broken = doors.asSystem('killed', async (tx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
        await gatehouse.sql('select pg_terminate_backend($1)', [rows[0]?.pid]);
        await delay(100);
        await sql`select 1`.execute(tx);
      });
      await expect(broken).rejects.toThrow('the database does not answer');
      await delay(100);
      expect(faults).toEqual([]);
      expect(await doors.asSystem('after', async () => 'served')).toBe('served');
    } finally {
      process.off('uncaughtException', note);
    }
  });
});
