import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { enterOwn } from '../../platform/access/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { createMaintenance } from './maintenance.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('maintenance', () => {
  it('removes what can never count again and leaves what may', async () => {
    const { deps } = gatehouse.server;
    const maintenance = createMaintenance(deps);
    await gatehouse.admin();
    await gatehouse.browser().post('/api/v1/auth/login', { email: 'nobody@example.com', password: 'x' });
    await gatehouse.browser().post('/api/v1/auth/register', {
      email: 'new@example.com',
      password: 'Good-Pass-1',
      name: 'New',
      tenantName: 'New',
    });
    await gatehouse.deliverMail();
    expect(await maintenance.run()).toEqual({
      sessions: 0,
      oneTimeTokens: 0,
      invitations: 0,
      closedInvitations: 0,
      rememberedDevices: 0,
      outbox: 0,
      loginThrottles: 0,
      revocations: 0,
      dayKeys: 0,
      samlMessageIds: 0,
      retention: { records: 0, decisions: 0, months: 0 },
    });
    // What a visitor was asked a passkey for, and a link beside it.
    await gatehouse.browser().post('/api/v1/auth/passkey/options');
    // What a provider says of somebody, who closed the tab that was to ask them.
    await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: ROOT_TENANT }), (tx) =>
      deps.oneTimeTokens.issue(tx, 'connection-link', {
        payload: { email: 'ada@example.com', name: 'Ada' },
        lifetimeSeconds: 900,
      }),
    );
    gatehouse.clock.advance({ hours: 2 });
    expect(await maintenance.run()).toMatchObject({ oneTimeTokens: 2 });
    gatehouse.clock.advance({ days: 32 });
    await gatehouse.admin();
    expect(await maintenance.run()).toEqual({
      sessions: 1,
      oneTimeTokens: 1,
      invitations: 0,
      closedInvitations: 0,
      rememberedDevices: 0,
      outbox: 1,
      loginThrottles: 1,
      revocations: 0,
      dayKeys: 1,
      samlMessageIds: 0,
      retention: { records: 0, decisions: 0, months: 0 },
    });
    expect(await gatehouse.sql('select from gatehouse.sessions')).toHaveLength(1);
  });

  it('makes the partitions of the months to come, under forced row security', async () => {
    gatehouse.clock.advance({ days: 400 });
    await createMaintenance(gatehouse.server.deps).run();
    const month = gatehouse.clock.now().toISOString().slice(0, 7).replace('-', '_');
    const [table] = await gatehouse.sql<{ forced: boolean }>(
      `select relrowsecurity and relforcerowsecurity as forced from pg_class where relname = $1`,
      [`audit_records_${month}`],
    );
    expect(table?.forced).toBe(true);
  });
});
