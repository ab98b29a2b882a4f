import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCounting } from '../../../test/cost.fixture.ts';
import {
  addOwner,
  canSignIn,
  CHANGE_EMAIL,
  CONFIRM_EMAIL,
  FORGOT,
  freshAddress,
  mailedTo,
  recordsOf,
  RESET,
  signedIn,
} from '../../../test/recovery.fixture.ts';
import { ADMIN, startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const ME = '/api/v1/auth/me';
const newestToken = async (email: string) => tokenIn((await mailedTo(gatehouse, email)).at(-1));
const confirm = (token: string, password = PASSWORD) =>
  gatehouse.browser().post(CONFIRM_EMAIL, { token, password });
/** An owner who has asked for another address, and the link that went there. */
async function pending(newEmail = freshAddress()) {
  const owner = await addOwner(gatehouse);
  const browser = await signedIn(gatehouse, owner);
  const asked = await browser.post(CHANGE_EMAIL, { newEmail, password: PASSWORD });
  return { ...owner, browser, newEmail, asked };
}

describe('changing the address', () => {
  it('moves the account when the link from the new mailbox comes back, and both addresses are told', async () => {
    const { email, newEmail, browser, userId, asked } = await pending(`New.${freshAddress()}`);
    expect([asked.status, asked.text]).toEqual([202, '{}']);
    // Nothing has changed yet, and the present address knows.
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(true);
    expect(await canSignIn(gatehouse, newEmail, PASSWORD)).toBe(false);
    const [notice] = await mailedTo(gatehouse, email);
    expect(notice?.text).toContain(newEmail);
    expect(notice?.text).not.toContain('token=');
    const mail = (await mailedTo(gatehouse, newEmail)).at(-1);
    expect(mail?.text).toContain(`${gatehouse.config.publicUrl}/confirm-email#token=`);

    expect((await confirm(tokenIn(mail))).status).toBe(204);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(false);
    expect(await canSignIn(gatehouse, newEmail.toUpperCase(), PASSWORD)).toBe(true);
    expect((await browser.get(ME)).body.user).toMatchObject({ email: newEmail, emailVerified: true });
    expect((await mailedTo(gatehouse, email)).at(-1)?.subject).toBe(
      'The address of your account with Gatehouse was changed',
    );
    expect((await mailedTo(gatehouse, newEmail)).at(-1)?.subject).toBe(
      'Your new address for Gatehouse is confirmed',
    );
    expect((await confirm(tokenIn(mail))).body.code).toBe('auth.link_invalid');
    const [record] = await recordsOf(gatehouse, 'email_changed', userId);
    // On record by hash alone: the values are sealed for the person.
    expect(record?.before?.email).toMatchObject({ $personal: expect.any(String) });
    expect(JSON.stringify(record)).not.toContain('people.example');
  });

  it('frees the former address, for accounts and for mail', async () => {
    const { email, newEmail } = await pending();
    await confirm(await newestToken(newEmail));
    await gatehouse.browser().post(FORGOT, { email });
    expect((await mailedTo(gatehouse, email)).some(({ text }) => text.includes('token='))).toBe(false);
    const next = await addOwner(gatehouse, { email });
    expect(await canSignIn(gatehouse, next.email, PASSWORD)).toBe(true);
    await gatehouse.browser().post(FORGOT, { email: newEmail });
    expect((await mailedTo(gatehouse, newEmail)).at(-1)?.text).toContain('/reset-password#token=');
  });

  it('needs the password beside the link: a stranger to whom it was mailed moves nothing, and a slip does not spend it [threat 23]', async () => {
    const { email, newEmail, userId } = await pending();
    const token = await newestToken(newEmail);
    const without = await gatehouse.browser().post(CONFIRM_EMAIL, { token });
    expect(without.body.code).toBe('request.invalid');
    const guessed = await confirm(token, 'What-I-Would-Choose-1');
    expect([guessed.status, guessed.body.code]).toEqual([400, 'password.current_wrong']);
    expect(await recordsOf(gatehouse, 'password_check_failed', userId)).toHaveLength(1);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(true);
    expect((await confirm(token)).status).toBe(204);

    const guesser = await pending();
    const link = await newestToken(guesser.newEmail);
    for (let guess = 1; guess <= 5; guess += 1) await confirm(link, `Guess-Number-${guess}`);
    expect((await confirm(link)).body.code).toBe('auth.account_locked');
    expect(await canSignIn(gatehouse, guesser.email, PASSWORD)).toBe(true);
  });

  it('ends the links that were mailed to the former address', async () => {
    const { email, newEmail } = await pending();
    await gatehouse.browser().post(FORGOT, { email });
    const old = await newestToken(email);
    expect((await confirm(await newestToken(newEmail))).status).toBe(204);
    const reset = await gatehouse.browser().post(RESET, { token: old, password: 'From-Old-Box-1' });
    expect(reset.body.code).toBe('auth.link_invalid');
  });

  it('does not tell whether the new address has an account: its mailbox alone is told [threat 51]', async () => {
    const holder = await addOwner(gatehouse);
    const counting = startCounting(gatehouse);
    const ask = async (newEmail: string) => {
      const owner = await addOwner(gatehouse);
      const browser = await signedIn(gatehouse, owner);
      return counting.cost(() => browser.post(CHANGE_EMAIL, { newEmail, password: PASSWORD }));
    };
    const taken = await ask(holder.email.toUpperCase());
    const free = await ask(freshAddress());
    counting.end();
    expect(taken).toEqual(free);
    expect(taken.hashes).toBe(1);
    const mails = await mailedTo(gatehouse, holder.email);
    expect(mails.map(({ subject }) => subject)).toEqual([
      'Somebody wanted to use your address for Gatehouse',
    ]);
    expect(mails[0]?.text).not.toContain('token=');
  });

  it('is refused where the address came into use meanwhile, and changes nothing', async () => {
    const { email, newEmail, userId } = await pending();
    await addOwner(gatehouse, { email: newEmail });
    const answer = await confirm(await newestToken(newEmail));
    expect([answer.status, answer.body.code]).toEqual([409, 'users.email_in_use']);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(true);
    expect(await recordsOf(gatehouse, 'email_changed', userId)).toEqual([]);
    expect(
      await gatehouse.sql('select from gatehouse.login_identifiers where user_id = $1', [userId]),
    ).toHaveLength(1);
  });

  it('is refused where a colleague without a way in by address has it', async () => {
    const { email, newEmail, tenantId } = await pending();
    const colleague = await addOwner(gatehouse, { email: newEmail, tenantId });
    // As an account of the tenant's own identity provider.
    await gatehouse.sql('delete from gatehouse.login_identifiers where user_id = $1', [colleague.userId]);
    expect((await confirm(await newestToken(newEmail))).body.code).toBe('users.email_in_use');
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(true);
  });

  it('needs the password, another address, a session and the CSRF token', async () => {
    const owner = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, owner);
    const ask = (body: object, headers = {}) => browser.post(CHANGE_EMAIL, body, headers);
    const newEmail = freshAddress();
    const good = { newEmail, password: PASSWORD };
    for (const [body, code] of [
      [{ newEmail, password: 'Wrong-Pass-1' }, 'password.current_wrong'],
      [{ newEmail: owner.email.toUpperCase(), password: PASSWORD }, 'users.email_unchanged'],
      [{ newEmail: 'no address', password: PASSWORD }, 'request.invalid'],
      [{ newEmail: [newEmail, 'attacker@example.com'], password: PASSWORD }, 'request.invalid'],
      [{ newEmail: 'a\u202Eb@example.com', password: PASSWORD }, 'request.invalid'],
      [{ ...good, email: 'attacker@example.com' }, 'request.invalid'],
      [{ newEmail }, 'request.invalid'],
    ] as const)
      expect((await ask(body)).body.code, JSON.stringify(body)).toBe(code);
    expect((await ask(good, { 'x-csrf-token': 'x' })).body.code).toBe('auth.csrf_refused');
    expect((await gatehouse.browser().post(CHANGE_EMAIL, good)).body.code).toBe('auth.unauthenticated');
    expect(await mailedTo(gatehouse, newEmail)).toEqual([]);
  });

  it('mails five links an hour to one address at the most, and as many notices', async () => {
    const limited = await startServer({ env: { RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '5' } });
    try {
      const target = freshAddress();
      const ask = async (owner: { email: string }, newEmail: string) => {
        const browser = await signedIn(limited, owner);
        return browser.post(CHANGE_EMAIL, { newEmail, password: PASSWORD });
      };
      // Whoever asks, and whether somebody has the address: it is the mailbox that is counted.
      for (let time = 1; time <= 5; time += 1)
        expect((await ask(await addOwner(limited), target)).status).toBe(202);
      const owner = await addOwner(limited);
      const refused = await ask(owner, target.toUpperCase());
      expect([refused.status, refused.body.code]).toEqual([429, 'rate.limited']);
      expect(await mailedTo(limited, target)).toHaveLength(5);
      for (let time = 1; time <= 4; time += 1) expect((await ask(owner, freshAddress())).status).toBe(202);
      expect((await ask(owner, freshAddress())).status).toBe(429);
      expect(await mailedTo(limited, owner.email)).toHaveLength(4);
    } finally {
      await limited.close();
    }
  });

  it('has a link that ends after a day, with a newer one, and with the account', async () => {
    const late = await pending();
    const token = await newestToken(late.newEmail);
    gatehouse.clock.advance({ hours: 24 });
    expect((await confirm(token)).body.code).toBe('auth.link_invalid');

    const twice = await pending();
    const first = await newestToken(twice.newEmail);
    const other = freshAddress();
    await twice.browser.post(CHANGE_EMAIL, { newEmail: other, password: PASSWORD });
    expect((await confirm(first)).body.code).toBe('auth.link_invalid');
    expect((await confirm(await newestToken(other))).status).toBe(204);

    const suspended = await pending();
    await gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [suspended.userId]);
    expect((await confirm(await newestToken(suspended.newEmail))).body.code).toBe('auth.link_invalid');
  });

  it('is no way around single sign-on', async () => {
    const restricted = await startServer({ env: { AUTH_POLICY: 'restricted' } });
    try {
      const owner = await addOwner(restricted);
      const answer = await restricted
        .browser({ origin: undefined })
        .post(
          CHANGE_EMAIL,
          { newEmail: freshAddress(), password: PASSWORD },
          { authorization: `Bearer ${owner.token}` },
        );
      expect(answer.body.code).toBe('auth.sso_required');
    } finally {
      await restricted.close();
    }
  });
});

describe('the address of an account', () => {
  const SEND = '/api/v1/auth/email/send-verification';
  const VERIFY = '/api/v1/auth/email/verify';
  const verify = (token: string) => gatehouse.browser().post(VERIFY, { token });
  const isVerified = async (browser: Awaited<ReturnType<typeof signedIn>>) =>
    ((await browser.get(ME)).body.user as { emailVerified?: boolean }).emailVerified;

  it('that nobody has proved is proved by the mailed link; registered and invited people need none', async () => {
    const owner = await addOwner(gatehouse);
    const registered = await signedIn(gatehouse, owner);
    expect(await isVerified(registered)).toBe(true);
    expect((await registered.post(SEND, undefined)).body.code).toBe('users.email_verified');

    const admin = await gatehouse.admin();
    expect(await isVerified(admin)).toBe(false);
    expect((await admin.post(SEND, undefined)).status).toBe(202);
    const older = await newestToken(ADMIN.email);
    expect((await admin.post(SEND, undefined)).status).toBe(202);
    const newer = await newestToken(ADMIN.email);
    expect((await verify(older)).body.code).toBe('auth.link_invalid');
    expect(await isVerified(admin)).toBe(false);
    expect((await verify(newer)).status).toBe(204);
    expect(await isVerified(admin)).toBe(true);
    expect((await verify(newer)).body.code).toBe('auth.link_invalid');
    const listed = (await admin.get('/api/v1/users')).body.items as {
      email: string;
      emailVerified: boolean;
    }[];
    expect(listed.find(({ email }) => email === ADMIN.email)?.emailVerified).toBe(true);
  });

  it('is not proved by a link that was mailed to another one that it had', async () => {
    const owner = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, owner);
    const unproved = () =>
      gatehouse.sql('update gatehouse.users set email_verified_at = null where id = $1', [owner.userId]);
    await unproved();
    await browser.post(SEND, undefined);
    const token = await newestToken(owner.email);
    await gatehouse.sql(`update gatehouse.users set email = $2, email_key = $2 where id = $1`, [
      owner.userId,
      freshAddress(),
    ]);
    expect((await verify(token)).body.code).toBe('auth.link_invalid');
  });

  it('is mailed five links an hour at the most', async () => {
    const limited = await startServer({ env: { RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '5' } });
    try {
      const admin = await limited.admin();
      for (let time = 1; time <= 5; time += 1) expect((await admin.post(SEND, undefined)).status).toBe(202);
      expect((await admin.post(SEND, undefined)).body.code).toBe('rate.limited');
      expect(await mailedTo(limited, ADMIN.email)).toHaveLength(5);
    } finally {
      await limited.close();
    }
  });
});
