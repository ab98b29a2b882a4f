import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meeting } from '../../../test/locks.fixture.ts';
import { addGuest } from '../../../test/guests.fixture.ts';
import { addCaller, addTenant } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { PASSWORD, registerTenant } from '../../../test/standing/people.fixture.ts';
import type { UserId } from '../../platform/ids.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
});
afterAll(() => gatehouse.close());

let made = 0;
async function tenantWithOwner() {
  made += 1;
  const email = `owner@lengths-${made}.example`;
  const { tenantId } = await registerTenant(gatehouse, `Lengths ${made}`, email);
  const admin = await addCaller(gatehouse, tenantId, 'admin');
  return { tenantId, email, admin };
}

describe('session lengths that are made shorter', () => {
  it.each(['sign-in', 'change of password', 'switch to another tenant'])(
    'hold for a session that a %s opens at the same moment, and neither waits for the other for ever',
    async (way) => {
      const { tenantId, email, admin } = await tenantWithOwner();
      const browser = gatehouse.browser();
      const signIn = () => browser.post('/api/v1/auth/login', { email, password: PASSWORD });
      expect((await signIn()).status).toBe(200);
      const elsewhere = await addTenant(gatehouse, { name: 'Elsewhere' });
      const [owner] = await gatehouse.sql<{ id: UserId }>('select id from gatehouse.users where email = $1', [
        email,
      ]);
      if (owner === undefined) throw new Error('there is one');
      await addGuest(gatehouse, elsewhere, { tenantId, userId: owner.id });
      const open = () => {
        if (way === 'sign-in') return signIn();
        if (way === 'switch to another tenant')
          return browser.post('/api/v1/auth/switch-tenant', { tenantId: elsewhere });
        return browser.post('/api/v1/auth/password/change', {
          currentPassword: PASSWORD,
          newPassword: 'Correct-Horse-77',
        });
      };
      const url = `/tenants/${tenantId}/settings`;
      const { version } = (await admin.get(url)).body;
      // Whoever opens waits at its record, with what it has done already seen by nobody.
      const [opened, changed] = await meeting(gatehouse, 'audit_records', open, () =>
        admin.patch(url, { version, settings: { session: { idleMinutes: 30, maxMinutes: 60 } } }),
      );
      expect(opened.status, opened.text).toBe(200);
      expect(changed.status, changed.text).toBe(200);
      const sessions = await gatehouse.sql<{ idle_minutes: number; minutes: number }>(
        `select s.idle_minutes, extract(epoch from s.expires_at - s.created_at)::int / 60 as minutes
         from gatehouse.sessions s join gatehouse.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
         where s.tenant_id = $1 and u.email = $2 and s.ended_at is null`,
        [tenantId, email],
      );
      expect(sessions.length).toBeGreaterThan(0);
      for (const session of sessions) expect(session).toEqual({ idle_minutes: 30, minutes: 60 });
    },
  );
});
