import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../browser.fixture.ts';
import { type Cost, startCounting } from '../cost.fixture.ts';
import { ASK, addMailPerson, BY_CODE, setRules } from '../mail-sign-in.fixture.ts';
import { addCaller, addTenant, type Caller } from '../people.fixture.ts';
import { addOwner, FORGOT, freshAddress, LOGIN } from '../recovery.fixture.ts';
import { startServer, type TestServer } from '../server.fixture.ts';

/** Whoever names an address learns nothing of whether somebody has it, nor in what state they are: by no answer and by no cost. */
describe('known and unknown accounts', () => {
  let gatehouse: TestServer;
  let counting: ReturnType<typeof startCounting>;
  let admin: Caller;
  beforeAll(async () => {
    gatehouse = await startServer({ env: { REGISTRATION: 'tenant', LOCKOUT_ATTEMPTS: '50' } });
    admin = await addCaller(gatehouse, await addTenant(gatehouse, { name: 'Harbour' }), 'admin');
    counting = startCounting(gatehouse);
  });
  afterAll(async () => {
    counting.end();
    await gatehouse.close();
  });

  const changed = async (sql: string, email: string) => {
    await gatehouse.sql(sql, [email]);
    return email;
  };
  /** Whose address it may be. Each makes another one. */
  const WHOSE: Record<string, () => Promise<string>> = {
    nobody: () => Promise.resolve(freshAddress()),
    somebody: async () => (await addMailPerson(gatehouse)).email,
    'somebody whose tenant lets nobody in by mail': async () => (await addOwner(gatehouse)).email,
    'somebody suspended': async () =>
      changed(
        `update gatehouse.users set status = 'suspended' where email_key = $1`,
        (await addOwner(gatehouse)).email,
      ),
    'somebody invited': async () =>
      changed(
        `update gatehouse.users set status = 'invited' where email_key = $1`,
        (await addOwner(gatehouse)).email,
      ),
    'somebody who has proved no address': async () =>
      changed(
        'update gatehouse.users set email_verified_at = null where email_key = $1',
        (await addOwner(gatehouse)).email,
      ),
    'somebody of a suspended tenant': async () =>
      changed(
        `update gatehouse.tenants set status = 'suspended' where id = (select tenant_id from gatehouse.users where email_key = $1)`,
        (await addOwner(gatehouse)).email,
      ),
    'somebody of a tenant that takes its own provider only': async () => {
      const { tenantId, email } = await addMailPerson(gatehouse);
      await setRules(gatehouse, tenantId, {
        signIn: { policy: 'restricted', mailLink: true, mailCode: true },
      });
      return email;
    },
    'somebody without a password': async () =>
      changed(
        'delete from gatehouse.credentials where user_id = (select id from gatehouse.users where email_key = $1)',
        (await addMailPerson(gatehouse)).email,
      ),
  };

  const post = (path: string, more: object) => (email: string) =>
    gatehouse.browser().post(path, { email, ...more });
  const registration = { password: 'Good-Pass-77', name: 'Grace', tenantName: 'Grace & Sons' };
  /** Whatever takes an address before anybody is signed in. */
  const ASKS: Record<string, (email: string) => Promise<Answer>> = {
    'a password': post(LOGIN, { password: 'Wrong-Pass-1' }),
    'a link to sign in by': post(ASK, { method: 'link' }),
    'a code to sign in by': post(ASK, { method: 'code' }),
    'a mailed code': post(BY_CODE, { code: '00000000' }),
    'a forgotten password': post(FORGOT, {}),
    'a registration': post('/api/v1/auth/register', registration),
    'which ways in there are': post('/api/v1/auth/check-method', {}),
  };

  it.each(Object.keys(ASKS))('cost the same and are told the same, by %s [threat 51]', async (what) => {
    const ask = ASKS[what] as (email: string) => Promise<Answer>;
    const addresses: [string, string][] = [];
    for (const [whose, make] of Object.entries(WHOSE)) addresses.push([whose, await make()]);
    // As the first record of a person leaves it: their key is there.
    for (const _time of [1, 2]) for (const [, email] of addresses) await counting.cost(() => ask(email));
    // Of a process that has heard of none of them, and of strangers all day long.
    gatehouse.server.deps.subjectKeys.forget();
    for (const _time of [1, 2]) await ask(freshAddress());
    const costs: Record<string, Cost> = {};
    for (const [whose, email] of addresses) costs[whose] = await counting.cost(() => ask(email));
    const { nobody, ...others } = costs;
    for (const [whose, cost] of Object.entries(others)) expect(cost, whose).toEqual(nobody);
    expect(nobody?.hashes).toBe(/password$|registration/.test(what) && !what.includes('forgotten') ? 1 : 0);
  });

  /** Whatever takes an address of somebody who is signed in, and may be at home elsewhere. */
  const ACTS: Record<string, (email: string) => Promise<Answer>> = {
    'an invitation': (email) => admin.post('/invitations', { email }),
    'a file of invitations that is looked through': (email) =>
      admin.post('/invitations/imports/check', { csv: `email,roles\n${email},\n` }),
    'a file of invitations': (email) =>
      admin.post('/invitations/imports', { csv: `email,roles\n${email},\n`, lines: 'all' }),
    'a new user': (email) => admin.post('/users', { email, name: 'Grace' }),
  };

  it.each(Object.keys(ACTS))(
    'elsewhere cost the same and are told the same, by %s [threat 51]',
    async (what) => {
      const act = ACTS[what] as (email: string) => Promise<Answer>;
      for (const make of Object.values(WHOSE)) {
        const email = await make();
        await counting.cost(() => act(email));
      }
      const costs: Record<string, Cost> = {};
      for (const [whose, make] of Object.entries(WHOSE)) {
        const email = await make();
        const { answer, ...cost } = await counting.cost(() => act(email));
        costs[whose] = { ...cost, answer: JSON.stringify(answer).replaceAll(email, 'ADDRESS') };
      }
      const { nobody, ...others } = costs;
      for (const [whose, cost] of Object.entries(others)) expect(cost, whose).toEqual(nobody);
      expect(nobody?.statements.length).toBeGreaterThan(1);
    },
  );
});
