import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../../test/people.fixture.ts';
import { linesOf, textOf } from '../../../../test/sealed-tenant.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import type { TenantId } from '../../../platform/ids.ts';
import { createMaintenance } from '../../maintenance/index.ts';
import type { HeaderLine } from '../export/line.ts';
import { readPublicKeys } from '../verify/public-keys.ts';
import { verifyExport } from '../verify/verify-export.ts';
import { applyRetention } from './apply-retention.ts';

let gatehouse: TestServer;
let keys: Buffer[];
beforeAll(async () => {
  gatehouse = await startServer({ env: { AUDIT_RETENTION_MINIMUM_DAYS: '90' } });
  keys = readPublicKeys((await gatehouse.browser().get('/.well-known/gatehouse-audit-keys.json')).text);
});
afterAll(() => gatehouse.close());

/** A tenant with `old` records of 200 days ago and `young` ones of now, all sealed. */
async function addTrail(old: number, young: number): Promise<{ tenantId: TenantId; admin: Caller }> {
  const tenantId = await addTenant(gatehouse);
  await addRecords(tenantId, old, 200);
  await gatehouse.server.deps.sealing.run();
  const admin = await addCaller(gatehouse, tenantId, 'admin');
  await addRecords(tenantId, young, 0);
  await gatehouse.server.deps.sealing.run();
  return { tenantId, admin };
}
const addRecords = (tenantId: TenantId, count: number, daysAgo: number) =>
  gatehouse.sql(
    `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, resource_type, after, context, correlation_id)
     select $1, ('01000000-0000-7000-8000-' || lpad(to_hex($4 * 1000000 + n), 12, '0'))::uuid, $2::timestamptz - $3 * interval '1 day' + n * interval '1 millisecond',
       'logout', 'system', 'session', jsonb_build_object('n', n), '{}', repeat('a', 32) from generate_series(1, ${count}) n`,
    [tenantId, gatehouse.clock.now(), daysAgo, 1000 - daysAgo],
  );
const rows = async (tenantId: TenantId) => {
  const [found] = await gatehouse.sql<{ records: number; seals: number }>(
    `select (select count(*)::int from gatehouse.audit_records where tenant_id = $1) as records,
       (select count(*)::int from gatehouse.audit_seals where tenant_id = $1) as seals`,
    [tenantId],
  );
  return found;
};
const verify = (text: string, options: { since?: string; partial?: boolean } = {}) => {
  const lines = async function* () {
    for (const line of linesOf(text)) yield { line, cellsDiffer: false };
  };
  return verifyExport(lines(), { keys, ...options });
};
const found = async (text: string, options: { since?: string; partial?: boolean } = {}) =>
  (await verify(text, options)).findings.map(({ what, seq }) =>
    [what, ...(seq === undefined ? [] : [String(seq)])].join(' '),
  );
const PATH = '/audit/retention';

describe('the retention of a tenant', () => {
  it('is for good until it is set, never below what the deployment keeps, and each change is on record', async () => {
    const { admin } = await addTrail(0, 0);
    expect((await admin.get(PATH)).body).toEqual({
      days: null,
      minimumDays: 90,
      removedBelow: 0,
      removedBefore: null,
      checkpoint: null,
    });
    const refused = await admin.patch(PATH, { days: 89 });
    expect([refused.status, refused.body.code]).toEqual([409, 'audit.retention_too_short']);
    for (const days of [90, 90, null])
      expect((await admin.patch(PATH, { days })).body).toMatchObject({ days });
    expect(
      itemsOf(await admin.get('/audit?action=audit_retention_changed')).map(({ before, after }) => [
        before,
        after,
      ]),
    ).toEqual([
      [{ days: 90 }, { days: null }],
      [{ days: null }, { days: 90 }],
    ]);
  });

  it.each([
    [{}],
    [{ days: 0 }],
    [{ days: -1 }],
    [{ days: 1.5 }],
    [{ days: '400' }],
    [{ days: 36_501 }],
    [{ days: 400, tenantId: 'x' }],
  ])('refuses %j', async (body) => {
    const { admin } = await addTrail(0, 0);
    expect((await admin.patch(PATH, body)).body.code).toBe('request.invalid');
  });

  it('is changed by who may change settings, and read by who reads the trail', async () => {
    const { tenantId, admin } = await addTrail(0, 0);
    const viewer = await addCaller(gatehouse, tenantId, 'admin_viewer');
    expect((await viewer.get(PATH)).status).toBe(200);
    expect((await viewer.patch(PATH, { days: 400 })).body.code).toBe('access.denied');
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    expect((await stranger.get(`/tenants/${tenantId}${PATH}`)).status).toBe(404);
    expect((await stranger.patch(`/tenants/${tenantId}${PATH}`, { days: 400 })).status).toBe(404);
    expect((await admin.get(PATH)).body.days).toBeNull();
  });
});

describe('records that are older than their tenant keeps them', () => {
  it.each([
    [700, 40],
    [256, 3],
    [512, 300],
    [1, 1],
    [1300, 0],
  ])(
    '%i of them, with %i younger: are removed, and the rest verifies offline, from a signed checkpoint',
    async (old, young) => {
      const { tenantId, admin } = await addTrail(old, young);
      const before = (await admin.get('/audit/export')).text;
      const kept = (await admin.get('/audit/checkpoint')).text;
      await admin.patch(PATH, { days: 100 });
      expect((await applyRetention(gatehouse.server.deps, tenantId)).records).toBe(old);
      const state = (await admin.get(PATH)).body;
      expect(state).toMatchObject({ removedBelow: old });
      // The hashes that proofs need stay: those of the last block that is not gone whole.
      const size = (await rows(tenantId))?.seals ?? 0;
      await gatehouse.server.deps.sealing.run();
      expect(size % 256).toBeLessThanOrEqual(((await rows(tenantId))?.seals ?? 0) + 256);
      const { text } = await admin.get('/audit/export');
      const verdict = await verify(text);
      expect(verdict.findings).toEqual([]);
      expect(verdict.retention).toMatchObject({ size: old, before: String(state.removedBefore) });
      expect(text).not.toContain('"daysAgo"');
      expect((linesOf(text)[0] as HeaderLine).from).toBe(old);
      // A checkpoint from before is still held against it; an export from before still verifies.
      expect(await found(text, { since: kept })).toEqual([]);
      expect(await found(before)).toEqual([]);
      await gatehouse.server.deps.sealing.run();
      const { body } = await admin.get('/audit?limit=200');
      const seals = (body.items as { seal: { state: string } }[]).map(({ seal }) => seal.state);
      expect(new Set(seals)).toEqual(new Set(['verified']));
      expect(itemsOf(await admin.get('/audit?action=audit_records_removed')).length).toBe(
        Math.ceil(old / 1000),
      );
    },
  );

  it('do not go before their time, nor when it is for good, nor when they wait to be sealed', async () => {
    const { tenantId, admin } = await addTrail(20, 5);
    await admin.patch(PATH, { days: 201 });
    expect((await applyRetention(gatehouse.server.deps, tenantId)).records).toBe(0);
    await admin.patch(PATH, { days: 100 });
    await admin.patch(PATH, { days: null });
    expect((await applyRetention(gatehouse.server.deps, tenantId)).records).toBe(0);
    await admin.patch(PATH, { days: 100 });
    await gatehouse.sql(
      `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, resource_type, context, correlation_id)
       values ($1, gen_random_uuid(), $2::timestamptz - interval '300 days', 'logout', 'system', 'session', '{}', repeat('a', 32))`,
      [tenantId, gatehouse.clock.now()],
    );
    expect((await applyRetention(gatehouse.server.deps, tenantId)).records).toBe(20);
    await gatehouse.server.deps.sealing.run();
    expect(await found((await admin.get('/audit/export')).text)).toEqual([]);
  });

  it('go on from where the last removal ended, day after day, and telling of it ends', async () => {
    const { tenantId, admin } = await addTrail(10, 10);
    await admin.patch(PATH, { days: 100 });
    const apply = async () => {
      await gatehouse.server.deps.sealing.run();
      const { records } = await applyRetention(gatehouse.server.deps, tenantId);
      await gatehouse.server.deps.sealing.run();
      return records;
    };
    expect([await apply(), await apply()]).toEqual([10, 0]);
    const clock = gatehouse.clock.now();
    gatehouse.clock.advance({ days: 101 });
    const later = await addCaller(gatehouse, tenantId, 'admin');
    expect(await apply()).toBeGreaterThan(10);
    expect(await found((await later.get('/audit/export')).text)).toEqual([]);
    gatehouse.clock.advance({ days: 101 });
    // What is left by now: a sign-in, an export, and what told of the removal. That is told of once more, and then not again.
    expect(await apply()).toBeGreaterThan(0);
    gatehouse.clock.advance({ days: 101 });
    expect(await apply()).toBe(1);
    expect(await apply()).toBe(0);
    expect(await rows(tenantId)).toMatchObject({ records: 0 });
    expect(gatehouse.clock.now().getTime()).toBeGreaterThan(clock.getTime());
  });

  it('are kept for longer where the deployment raised its floor, whatever the tenant had set', async () => {
    const { tenantId, admin } = await addTrail(10, 0);
    await admin.patch(PATH, { days: 100 });
    const { deps } = gatehouse.server;
    const raised = { ...deps, config: { ...deps.config, auditRetentionMinimumDays: 5000 } };
    expect((await applyRetention(raised, tenantId)).records).toBe(0);
  });

  it('take permits of the same age along', async () => {
    const { tenantId, admin } = await addTrail(3, 0);
    const add = (days: number) =>
      gatehouse.sql(
        `insert into gatehouse.decisions (tenant_id, id, occurred_at, permission, resource, decision, reason, policy_version, correlation_id)
         select $1, gen_random_uuid(), $2::timestamptz - $3 * interval '1 day', 'users:read', 'r', 'permit', 'r', 'roles', 'c' from generate_series(1, 7)`,
        [tenantId, gatehouse.clock.now(), days],
      );
    await Promise.all([add(0), add(200)]);
    await admin.patch(PATH, { days: 100 });
    expect(await applyRetention(gatehouse.server.deps, tenantId)).toMatchObject({ decisions: 7 });
  });
});

describe('whoever takes records away and calls it retention is found out', () => {
  const trail = async () => {
    const { tenantId, admin } = await addTrail(300, 300);
    await admin.patch(PATH, { days: 100 });
    const early = (await admin.get('/audit/checkpoint')).text;
    await applyRetention(gatehouse.server.deps, tenantId);
    await gatehouse.server.deps.sealing.run();
    return { tenantId, admin, early, text: (await admin.get('/audit/export')).text };
  };
  const changed = (text: string, change: (header: HeaderLine, lines: ReturnType<typeof linesOf>) => void) => {
    const lines = linesOf(text);
    change(lines[0] as HeaderLine, lines);
    return textOf(lines);
  };

  it('a record that is missing and that retention does not explain is named', async () => {
    const { tenantId, admin, text } = await trail();
    const cut = changed(text, (_header, lines) => {
      lines.splice(1, 1);
      (lines.at(-1) as { records: number }).records -= 1;
    });
    expect(await found(cut)).toEqual(['removed 300']);
    await gatehouse.sql(
      `delete from gatehouse.audit_records r using gatehouse.audit_seals s where s.tenant_id = $1 and s.seq = 310 and r.tenant_id = $1 and r.id = s.record_id`,
      [tenantId],
    );
    expect(await found((await admin.get('/audit/export')).text)).toEqual(['removed 310']);
  });

  it('a file that begins later than the note says, or without one, is a part', async () => {
    const { text } = await trail();
    const later = (await verify(text)).retention?.note ?? '';
    expect(later).not.toBe('');
    expect(await found(changed(text, (header) => delete header.retention))).toContain('partial');
    const moved = changed(text, (header, lines) => {
      header.from = 400;
      for (let at = lines.length - 1; at > 0; at -= 1) {
        const line = lines[at];
        if (line?.kind === 'record' && line.seq < 400) lines.splice(at, 1);
      }
      (lines.at(-1) as { records: number }).records = lines.filter(({ kind }) => kind === 'record').length;
    });
    expect(await found(moved)).toContain('partial');
  });

  it('a note that another tenant, another key or another hand wrote does not count [threat 80]', async () => {
    const [one, other] = [await trail(), await trail()];
    const noteOf = (text: string) =>
      (linesOf(text)[0] as HeaderLine).retention as { checkpoint: string; frontier: string[] };
    const withNote = (note: { checkpoint: string; frontier: string[] }) =>
      changed(one.text, (header) => (header.retention = note));
    expect(await found(withNote(noteOf(other.text)))).toContain('checkpoint');
    const own = noteOf(one.text);
    expect(await found(withNote({ ...own, checkpoint: own.checkpoint.replace('300', '301') }))).toContain(
      'checkpoint',
    );
    expect(await found(withNote({ ...own, frontier: own.frontier.toReversed() }))).toContain('checkpoint');
    // A checkpoint says that records are there; it is never taken for a note that says that they are gone, nor the other way round.
    expect(await found(withNote({ ...own, checkpoint: one.early }))).toContain('checkpoint');
    expect(await found(changed(one.text, (header) => (header.checkpoint = own.checkpoint)))).toContain(
      'checkpoint',
    );
  });

  it('an older checkpoint than what is left is said to prove nothing, and a newer one proves', async () => {
    const { admin, text, early, tenantId } = await trail();
    expect(await found(text, { since: early })).toEqual([]);
    gatehouse.clock.advance({ days: 101 });
    await applyRetention(gatehouse.server.deps, tenantId);
    await addRecords(tenantId, 3, 0);
    await gatehouse.server.deps.sealing.run();
    const reader = await addCaller(gatehouse, tenantId, 'admin');
    await gatehouse.server.deps.sealing.run();
    const after = (await reader.get('/audit/export')).text;
    const verdict = await verify(after, { since: early });
    expect(verdict.findings.map(({ what }) => what)).toEqual(['unproven']);
    expect(verdict.findings[0]?.why).toContain('older than what retention has left');
    expect(await found(after)).toEqual([]);
    expect(admin.tenantId).toBe(tenantId);
  });

  it.each(
    Object.entries({
      'whose hash was changed': `update gatehouse.audit_seals set hash = sha256('x') where tenant_id = $1 and seq = 299`,
      'dated back beside its seal': `update gatehouse.audit_seals set occurred_at = occurred_at - interval '200 days' where tenant_id = $1 and seq >= 300`,
      'that was changed': `update gatehouse.audit_records set action = 'login' where tenant_id = $1 and after ->> 'n' = '7'`,
      'that was taken out': `delete from gatehouse.audit_records where tenant_id = $1 and after ->> 'n' = '7'`,
    }),
  )('a record %s is not signed away with the others', async (_which, forge) => {
    const { tenantId, admin } = await addTrail(300, 10);
    await admin.patch(PATH, { days: 100 });
    await gatehouse.sql(forge, [tenantId]);
    expect((await applyRetention(gatehouse.server.deps, tenantId)).records).toBe(0);
    expect((await admin.get(PATH)).body).toMatchObject({ removedBelow: 0, checkpoint: null });
  });

  it('the function of the database removes nothing younger, nothing out of its row and nothing unsealed', async () => {
    const { tenantId, admin } = await addTrail(20, 20);
    await admin.patch(PATH, { days: 100 });
    const attempt = (from: number, to: number, days: number) =>
      gatehouse.sql<{ removed: boolean }>(
        `select gatehouse.remove_audit_records('${tenantId}', ${from}, ${to}, '${gatehouse.clock.now().toISOString()}'::timestamptz - ${days} * interval '1 day', 'note', '${gatehouse.clock.now().toISOString()}') as removed`,
      );
    expect(await attempt(0, 10, 99)).toEqual([{ removed: false }]);
    expect(await attempt(5, 10, 100)).toEqual([{ removed: false }]);
    expect(await attempt(0, 0, 100)).toEqual([{ removed: false }]);
    await expect(attempt(0, 25, 100)).rejects.toThrow(/removed in a row/);
    await expect(attempt(0, 500, 100)).rejects.toThrow(/removed in a row/);
    for (const role of ['app', 'system', 'sealer', 'lookup', 'session', 'granter'])
      await expect(
        gatehouse.sql(
          `begin; set local role gatehouse_${role}; set local gatehouse.tenant_id = '${tenantId}'; delete from gatehouse.audit_records where tenant_id = '${tenantId}'; commit`,
        ),
        role,
      ).rejects.toThrow(/permission denied/);
    await expect(
      gatehouse.sql(
        `begin; set local role gatehouse_app; set local gatehouse.tenant_id = '${tenantId}'; update gatehouse.audit_retention set removed_below = 5; commit`,
      ),
    ).rejects.toThrow(/permission denied/);
  });
});

describe('maintenance', () => {
  // A clock of its own: the months of those above lie in the partition for all others by now.
  beforeAll(async () => {
    await gatehouse.close();
    gatehouse = await startServer({ env: { AUDIT_RETENTION_MINIMUM_DAYS: '90' } });
  });

  it('applies it, and drops the months that are empty then, but none that has a record of anybody', async () => {
    const months = async () =>
      (
        await gatehouse.sql<{ name: string }>(
          `select relname as name from pg_class where relkind = 'r' and relname ~ '^audit_records_[0-9]' and relnamespace = 'gatehouse'::regnamespace order by 1`,
        )
      ).map(({ name }) => name);
    const past = new Date(gatehouse.clock.now().getTime() - 5000 * 86_400_000);
    await gatehouse.sql('select gatehouse.ensure_partitions($1)', [past]);
    const made = (await months()).slice(0, 3);
    const [first] = made;
    const tenantId = await addTenant(gatehouse);
    await gatehouse.sql(
      `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, resource_type, context, correlation_id)
       values ($1, gen_random_uuid(), $2, 'logout', 'system', 'session', '{}', repeat('a', 32))`,
      [tenantId, past],
    );
    await gatehouse.server.deps.sealing.run();
    await createMaintenance(gatehouse.server.deps).run();
    const left = await months();
    expect(left).toContain(first);
    expect(left).not.toContain(made[1]);
    expect(left).not.toContain(made[2]);
    const admin = await addCaller(gatehouse, tenantId, 'admin');
    await admin.patch(PATH, { days: 100 });
    const { retention } = await createMaintenance(gatehouse.server.deps).run();
    expect(retention.records).toBe(1);
    expect(retention.months).toBeGreaterThan(0);
    expect(await months()).not.toContain(first);
  });

  it('waits for nobody who writes, and nobody waits for it: a month that is in use is left for another hour', async () => {
    const past = new Date(gatehouse.clock.now().getTime() - 5000 * 86_400_000);
    await gatehouse.sql('select gatehouse.ensure_partitions($1)', [past]);
    const { deps } = gatehouse.server;
    const { enterOwn } = await import('../../../platform/access/index.ts');
    const tenantId = await addTenant(gatehouse);
    const scope = enterOwn({ kind: 'system', tenantId, reason: 'test' });
    const began = performance.now();
    await deps.doors.withTenant(scope, async (tx) => {
      await deps.audit.record(tx, {
        action: 'logout',
        actor: { kind: 'system' },
        resource: { type: 'session', id: null },
        request: undefined,
      });
      expect((await applyRetention(deps, tenantId)).months).toBe(0);
    });
    expect(performance.now() - began).toBeLessThan(5000);
    expect((await applyRetention(deps, tenantId)).months).toBeGreaterThan(0);
  });
});
