import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import type { TenantId } from '../../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  tenantId = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenantId, 'admin');
});

const seal = () => gatehouse.server.deps.sealing.run();
let added = 0;
const addUsers = async (count: number) => {
  for (let n = 0; n < count; n += 1) {
    added += 1;
    await admin.post('/users', { email: `u${added}@${tenantId}.example`, name: `User ${added}` });
  }
};
const states = async () =>
  itemsOf(await admin.get('/audit?limit=200')).map(({ seal: of }) => (of as { state: string }).state);

/** As somebody who holds the owner's role would do it. */
const tamper = (statement: string, values: unknown[] = []) => gatehouse.sql(statement, values);

describe('a record', () => {
  it('waits for the sealer, and is verified once it has been there', async () => {
    await addUsers(3);
    expect(new Set(await states())).toEqual(new Set(['pending']));
    await seal();
    expect(new Set(await states())).toEqual(new Set(['verified']));
    await addUsers(1);
    const rows = await gatehouse.sql<{ seq: string }>(
      'select seq from gatehouse.audit_seals where tenant_id = $1 order by seq',
      [tenantId],
    );
    expect(rows.map(({ seq }) => Number(seq))).toEqual(rows.map((_, at) => at));
  });

  it('opens to its canonical form, its hash and a proof that anybody can check', async () => {
    await addUsers(5);
    await seal();
    const [item] = itemsOf(await admin.get('/audit?action=user_created&limit=1'));
    const { body } = await admin.get(`/audit/${String(item?.id)}`);
    expect(body.seal).toMatchObject({ state: 'verified' });
    const proof = body.proof as { entry: string; path: string[]; checkpoint: string; treeSize: number };
    expect(JSON.parse(proof.entry)).toMatchObject({ id: item?.id, tenantId, action: 'user_created', v: 1 });
    expect(proof.checkpoint.split('\n').slice(0, 2)).toEqual([
      `${new URL(gatehouse.config.publicUrl).host}/audit/${tenantId}`,
      String(proof.treeSize),
    ]);
    // A personal value is in it as its hash alone.
    expect(proof.entry).not.toContain('User ');
    expect(proof.entry).not.toContain('@');
  });

  it.each([
    ['action', `action = 'login'`],
    ['time, by a microsecond', `occurred_at = occurred_at + interval '1 microsecond'`],
    ['actor', 'actor_id = gen_random_uuid()'],
    ["actor's tenant", 'actor_tenant_id = gen_random_uuid()'],
    ["actor's kind", `actor_kind = 'system'`],
    ['resource', `resource_id = 'other'`],
    ["resource's type", `resource_type = 'other'`],
    ['state after', `after = '{}'`],
    ['state before', `before = '{}'`],
    ['context', `context = jsonb_set(context, '{ip}', 'null')`],
    ['correlation id', `correlation_id = repeat('0', 32)`],
  ])('whose %s was changed in the database is broken', async (_what, change) => {
    await addUsers(1);
    await seal();
    const [item] = itemsOf(await admin.get('/audit?action=user_created'));
    await tamper(`update gatehouse.audit_records set ${change} where tenant_id = $1 and id = $2`, [
      tenantId,
      item?.id,
    ]);
    const { body } = await admin.get(`/audit/${String(item?.id)}`);
    expect(body).toMatchObject({ seal: { state: 'broken' }, proof: { fault: 'record' } });
  });

  it('stays broken when its noted hash is changed with it', async () => {
    await addUsers(2);
    await seal();
    const [item] = itemsOf(await admin.get('/audit?action=user_created'));
    await tamper(`update gatehouse.audit_records set resource_id = 'x' where tenant_id = $1 and id = $2`, [
      tenantId,
      item?.id,
    ]);
    const { hash } = (await admin.get(`/audit/${String(item?.id)}`)).body.seal as { hash: string };
    await tamper(
      `update gatehouse.audit_seals set hash = decode($3, 'base64') where tenant_id = $1 and record_id = $2`,
      [tenantId, item?.id, hash],
    );
    const { body } = await admin.get(`/audit/${String(item?.id)}`);
    expect(body).toMatchObject({ seal: { state: 'broken' }, proof: { fault: 'tree' } });
  });

  it('is broken under a checkpoint that no key of ours signed, and under one of another tenant', async () => {
    await addUsers(1);
    await seal();
    const [item] = itemsOf(await admin.get('/audit?action=user_created'));
    const [tree] = await gatehouse.sql<{ checkpoint: string }>(
      'select checkpoint from gatehouse.audit_trees where tenant_id = $1',
      [tenantId],
    );
    const [other] = await gatehouse.sql<{ checkpoint: string }>(
      'select checkpoint from gatehouse.audit_trees where tenant_id <> $1',
      [tenantId],
    );
    for (const checkpoint of [tree?.checkpoint.replace(/\n\d+\n/, '\n9\n'), other?.checkpoint]) {
      await tamper('update gatehouse.audit_trees set checkpoint = $2 where tenant_id = $1', [
        tenantId,
        checkpoint,
      ]);
      const { body } = await admin.get(`/audit/${String(item?.id)}`);
      expect(body).toMatchObject({ seal: { state: 'broken' }, proof: { fault: 'checkpoint' } });
    }
  });

  it('still verifies when the person whom it speaks of is erased', async () => {
    await addUsers(1);
    await seal();
    await tamper('delete from gatehouse.subject_keys where tenant_id = $1', [tenantId]);
    expect(new Set(await states())).toEqual(new Set(['verified']));
  });
});

describe('the sealer', () => {
  it('proves each of a thousand records, through the subtrees that it keeps', async () => {
    await gatehouse.sql(
      `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, resource_type, context, correlation_id)
       select $1, gen_random_uuid(), now() + n * interval '1 microsecond', 'login', 'system', 'user', '{}', repeat('a', 32) from generate_series(1, 1000) n`,
      [tenantId],
    );
    expect(await seal()).toBeGreaterThanOrEqual(1000);
    for (let page = 0, cursor = ''; page < 5; page += 1) {
      const { body } = await admin.get(`/audit?limit=200${cursor}`);
      for (const { seal: of } of body.items as { seal: object }[])
        expect(of).toMatchObject({ state: 'verified' });
      cursor = `&cursor=${String(body.nextCursor)}`;
    }
    const subtrees = await gatehouse.sql('select from gatehouse.audit_subtrees where tenant_id = $1', [
      tenantId,
    ]);
    expect(subtrees).toHaveLength(3);
  });

  it('lets a tree that somebody changed grow no further, and seals the others', async () => {
    const { deps } = gatehouse.server;
    await addUsers(1);
    await seal();
    const frontiers = [`set_byte(frontier, 0, (get_byte(frontier, 0) + 1) % 256)`, 'frontier || frontier'];
    for (const frontier of frontiers) {
      const [before] = await gatehouse.sql<{ frontier: Buffer }>(
        'select frontier from gatehouse.audit_trees where tenant_id = $1',
        [tenantId],
      );
      await tamper(`update gatehouse.audit_trees set frontier = ${frontier} where tenant_id = $1`, [
        tenantId,
      ]);
      await addUsers(1);
      await gatehouse.admin();
      expect(await deps.sealing.run()).toBeGreaterThan(0);
      expect((await states()).filter((state) => state === 'pending').length).toBeGreaterThan(0);
      await tamper('update gatehouse.audit_trees set frontier = $2 where tenant_id = $1', [
        tenantId,
        before?.frontier,
      ]);
      await seal();
      expect(new Set(await states())).toEqual(new Set(['verified']));
    }
  });

  it('writes nothing that its function does not hold to the chain', async () => {
    const attempt = (seqs: string, records: string, size: number) =>
      gatehouse.sql(
        `begin; set local role gatehouse_system; select gatehouse.seal_audit_records(array['${tenantId}']::uuid[], array[0], array[${size}],
           array[''::bytea], array[''::bytea], array['x'], array_fill('${tenantId}'::uuid, array[cardinality(${seqs})]), ${records}, ${seqs},
           array_fill(null::bytea, array[cardinality(${seqs})]), array_fill(sha256(''), array[cardinality(${seqs})]), '{}', '{}', '{}', '{}', now()); commit`,
      );
    await addUsers(1);
    const waiting = await gatehouse.sql<{ record_id: string }>(
      'select record_id from gatehouse.audit_unsealed where tenant_id = $1',
      [tenantId],
    );
    const known = `array['${String(waiting[0]?.record_id)}']::uuid[]`;
    await expect(attempt('array[1]', known, 1)).rejects.toThrow(/follow each other/);
    await expect(attempt('array[0, 2]', `${known} || gen_random_uuid()`, 2)).rejects.toThrow(
      /follow each other/,
    );
    await expect(attempt('array[0]', 'array[gen_random_uuid()]', 1)).rejects.toThrow(/was not waiting/);
    for (const role of ['gatehouse_app', 'gatehouse_system'])
      for (const table of ['audit_seals', 'audit_subtrees', 'audit_trees', 'audit_unsealed'])
        await expect(
          gatehouse.sql(
            `begin; set local role ${role}; set local gatehouse.tenant_id = '${tenantId}'; delete from gatehouse.${table}; commit`,
          ),
        ).rejects.toThrow(/permission denied/);
  });
});
