import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REGISTER } from '../../../test/invitations.fixture.ts';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { addOwner, freshAddress, mailedTo } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { newId, ROOT_TENANT } from '../../platform/ids.ts';

const CHECK = '/invitations/imports/check';
const IMPORT = '/invitations/imports';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({
    env: { RATE_LIMIT_MAIL_TENANT_PER_HOUR: '40', RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '5' },
  });
});
afterAll(() => gatehouse.close());

const host = async () => addCaller(gatehouse, await addTenant(gatehouse, { name: 'Harbour' }), 'admin');
const faultsOf = (answer: { body: Record<string, unknown> }) =>
  (answer.body.faults as { line: number; column: string | null; code: string }[]).map(
    ({ line, column, code }) => [line, column, code],
  );
const check = async (by: Caller, csv: string) => {
  const answer = await by.post(CHECK, { csv });
  expect(answer.status, answer.text).toBe(200);
  return answer;
};
const limit = (tenantId: string, users: number) =>
  gatehouse.sql(
    `update gatehouse.tenants set settings = jsonb_build_object('limits', jsonb_build_object('users', $2::int)) where id = $1`,
    [tenantId, users],
  );

describe('a file of invitations', () => {
  it('is looked through: each fault by line and column, and nothing is sent or kept', async () => {
    const by = await host();
    const member = freshAddress();
    await by.post('/users', { email: member, name: 'Here Already' });
    const waits = freshAddress();
    await by.post('/invitations', { email: waits });
    const mailedBefore = (await gatehouse.deliverMail()).length;
    const good = freshAddress();
    const answer = await check(
      by,
      [
        'E-Mail;Roles',
        `${good};"SUPPORT_AGENT, SUPPORT_MANAGER"`,
        'not an address;',
        `${good.toUpperCase()};`,
        `${member};`,
        '',
        `${waits};`,
        `${freshAddress()};SUPPORT_AGENT NO_SUCH_ROLE PLATFORM_ADMIN`,
        `${freshAddress()};;more`,
        'a@\u0000.example;\u0000',
      ].join('\r\n'),
    );
    expect(answer.body).toMatchObject({ lines: 8, good: 1, most: 40 });
    expect(faultsOf(answer)).toEqual([
      [3, 'email', 'email_invalid'],
      [4, 'email', 'email_twice'],
      [5, 'email', 'email_member'],
      [7, 'email', 'email_invited'],
      [8, 'roles', 'role_unknown'],
      [8, 'roles', 'role_root_only'],
      [9, null, 'fields_too_many'],
      [10, 'email', 'email_invalid'],
      [10, 'roles', 'role_unknown'],
    ]);
    expect(await gatehouse.deliverMail()).toHaveLength(mailedBefore);
    expect(itemsOf(await by.get('/invitations?status=open'))).toHaveLength(1);
  });

  it.each([
    [
      'has no address column',
      'name,roles\nAda,admin',
      [
        [1, 'name', 'column_unknown'],
        [1, 'email', 'column_missing'],
      ],
    ],
    [
      'names a column twice',
      'email,address\na@example.com,b@example.com',
      [[1, 'address', 'column_unknown']],
    ],
    ['has nothing in it', '\n \n', [[1, 'email', 'column_missing']]],
    ['has a quote that nobody closes', 'email\n"a@example.com', [[2, null, 'file_unreadable']]],
  ])('says so when it %s', async (_what, csv, faults) => {
    const by = await host();
    const answer = await check(by, csv);
    expect(answer.body.good).toBe(0);
    expect(faultsOf(answer)).toEqual(faults);
    const refused = await by.post(IMPORT, { csv, lines: 'good' });
    expect([refused.status, refused.body.code]).toEqual([409, 'invitations.import_faulty']);
  });

  it('is invited as a whole or not at all, in one act, and the mails leave by and by', async () => {
    const by = await host();
    const [first, second] = [freshAddress(), freshAddress()];
    const faulty = `${first},SUPPORT_AGENT\nnobody\n${second}`;
    const refused = await by.post(IMPORT, { csv: faulty, lines: 'all' });
    expect([refused.status, refused.body.code]).toEqual([409, 'invitations.import_faulty']);
    expect(refused.body.detail).toContain('line 2');
    expect(itemsOf(await by.get('/invitations'))).toEqual([]);
    const answer = await by.post(IMPORT, { csv: faulty, lines: 'good' });
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body).toMatchObject({ invited: 2 });
    expect(faultsOf(answer)).toEqual([[2, 'email', 'email_invalid']]);
    const progress = async () => (await by.get(`${IMPORT}/${String(answer.body.importId)}`)).body;
    expect(await progress()).toMatchObject({
      invited: 2,
      mail: { waiting: 2, sent: 0, failed: 0 },
      status: { open: 2, expired: 0, accepted: 0, revoked: 0 },
    });
    const token = tokenIn((await mailedTo(gatehouse, first)).at(-1));
    await mailedTo(gatehouse, second);
    expect((await progress()).mail).toEqual({ waiting: 0, sent: 2, failed: 0 });
    const joined = await gatehouse.browser().post(REGISTER, { token, name: 'Ada', password: 'Good-Pass-1' });
    expect(joined.status).toBe(204);
    expect((await progress()).status).toEqual({ open: 1, expired: 0, accepted: 1, revoked: 0 });
    const listed = itemsOf(await by.get(`/invitations?importId=${String(answer.body.importId)}`));
    expect(listed.map(({ email, roles }) => [email, roles])).toEqual([
      [second, []],
      [first, ['SUPPORT_AGENT']],
    ]);
    expect(itemsOf(await by.get('/audit?action=invitations_imported'))).toMatchObject([
      { actor: { id: by.userId }, resource: { id: answer.body.importId }, after: { invited: 2, leftOut: 1 } },
    ]);
    expect(itemsOf(await by.get('/audit?action=invitation_created'))).toHaveLength(2);
  });

  it('says the same of an address with an account elsewhere and of one without [threat 51]', async () => {
    const by = await host();
    const elsewhere = (await addOwner(gatehouse)).email;
    const answer = await by.post(IMPORT, { csv: `${elsewhere}\n${freshAddress()}`, lines: 'all' });
    expect(answer.body).toMatchObject({ invited: 2, faults: [] });
  });

  it('gives no role that the inviter does not hold, and is for nobody without the right to invite [threat 72]', async () => {
    const ofRoot = await addCaller(gatehouse, ROOT_TENANT, 'admin');
    const csv = `${freshAddress()},PLATFORM_ADMIN`;
    expect(faultsOf(await check(ofRoot, csv))).toEqual([[1, 'roles', 'role_beyond_own']]);
    expect((await ofRoot.post(IMPORT, { csv, lines: 'good' })).body.code).toBe('invitations.import_faulty');
    const viewer = await addCaller(gatehouse, (await host()).tenantId, 'admin_viewer');
    for (const path of [CHECK, IMPORT])
      expect((await viewer.post(path, { csv, ...(path === IMPORT && { lines: 'all' }) })).body).toMatchObject(
        {
          missingPermission: 'invitations:create',
        },
      );
  });

  it('leaves out what is over the limit of users, and what is over the mails of an hour', async () => {
    const by = await host();
    await limit(by.tenantId, 3);
    const lines = [freshAddress(), freshAddress(), freshAddress()];
    const over = await check(by, lines.join('\n'));
    expect(over.body.good).toBe(2);
    expect(faultsOf(over)).toEqual([[3, 'email', 'over_limit']]);
    const other = await host();
    const many = Array.from({ length: 42 }, () => freshAddress());
    const long = await check(other, many.join('\n'));
    expect(long.body).toMatchObject({ lines: 42, good: 40, most: 40 });
    expect(faultsOf(long).map(([, , code]) => code)).toEqual(['too_many_lines', 'too_many_lines']);
    expect((await other.post('/invitations', { email: freshAddress() })).status).toBe(201);
    const refused = await other.post(IMPORT, { csv: many.slice(0, 40).join('\n'), lines: 'all' });
    expect([refused.status, refused.body.code]).toEqual([429, 'rate.limited']);
    // Nothing of it was counted: what is left of the hour can be sent.
    const rest = await other.post(IMPORT, { csv: many.slice(0, 39).join('\n'), lines: 'all' });
    expect(rest.status, rest.text).toBe(201);
  });

  it('leaves out an address to which as many invitations were sent as may be, and sends the rest', async () => {
    const by = await host();
    const [tired, fresh] = [freshAddress(), freshAddress()];
    const { id } = (await by.post('/invitations', { email: tired })).body;
    for (let n = 0; n < 4; n += 1)
      expect((await by.post(`/invitations/${String(id)}/resend`)).status).toBe(200);
    await by.delete(`/invitations/${String(id)}`);
    const all = await by.post(IMPORT, { csv: `${tired}\n${fresh}`, lines: 'all' });
    expect(all.body.code).toBe('invitations.import_faulty');
    const good = await by.post(IMPORT, { csv: `${tired}\n${fresh}`, lines: 'good' });
    expect(good.body).toMatchObject({ invited: 1 });
    expect(faultsOf(good)).toEqual([[1, 'email', 'mail_limit']]);
  });

  it('of two of the same at the same moment invites each address once', async () => {
    const by = await host();
    const csv = Array.from({ length: 8 }, () => freshAddress()).join('\n');
    const answers = await Promise.all([1, 2].map(() => by.post(IMPORT, { csv, lines: 'all' })));
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 409]);
    expect(itemsOf(await by.get('/invitations'))).toHaveLength(8);
  });

  it('that another tenant imported is not there [threat 5]', async () => {
    const by = await host();
    const answer = await by.post(IMPORT, { csv: freshAddress(), lines: 'all' });
    const stranger = await host();
    expect((await stranger.get(`${IMPORT}/${String(answer.body.importId)}`)).status).toBe(404);
    expect(
      (await stranger.get(`/tenants/${by.tenantId}${IMPORT}/${String(answer.body.importId)}`)).status,
    ).toBe(404);
    expect((await by.get(`${IMPORT}/${newId()}`)).status).toBe(404);
  });
});
