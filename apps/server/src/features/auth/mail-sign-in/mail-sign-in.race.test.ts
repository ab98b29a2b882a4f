import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addMailPerson,
  askedForCode,
  askedForLink,
  BY_CODE,
  BY_LINK,
  otherCode,
} from '../../../../test/mail-sign-in.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const fifty = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: 50 }, work));
const sessionsOf = (userId: string) =>
  gatehouse.sql(`select from gatehouse.sessions where user_id = $1 and amr = array['otp']`, [userId]);

describe('what is mailed to sign in by, many at once', () => {
  it('lets somebody in once of fifty redemptions of one link [threat 57]', async () => {
    const { email, userId } = await addMailPerson(gatehouse);
    const browser = gatehouse.browser();
    const token = await askedForLink(gatehouse, email, browser);
    const answers = await fifty(() => browser.clone().post(BY_LINK, { token }));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.link_invalid')).toHaveLength(49);
    expect(await sessionsOf(userId)).toHaveLength(1);
  });

  it('lets somebody in once of fifty redemptions of one code [threat 57]', async () => {
    const { email, userId } = await addMailPerson(gatehouse);
    const browser = gatehouse.browser();
    const code = await askedForCode(gatehouse, email, browser);
    const answers = await fifty(() => browser.clone().post(BY_CODE, { email, code }));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect(await sessionsOf(userId)).toHaveLength(1);
  });

  it('judges five guesses of fifty at a code, and then none, the right one neither [threat 36]', async () => {
    const { email, userId } = await addMailPerson(gatehouse);
    const browser = gatehouse.browser();
    const code = await askedForCode(gatehouse, email, browser);
    const answers = await fifty(() => browser.clone().post(BY_CODE, { email, code: otherCode(code) }));
    expect(answers.filter(({ body }) => body.code === 'auth.mail_code_wrong')).toHaveLength(4);
    expect(answers.filter(({ body }) => body.code === 'auth.account_locked')).toHaveLength(46);
    expect((await browser.post(BY_CODE, { email, code })).body.code).toBe('auth.account_locked');
    expect(await sessionsOf(userId)).toEqual([]);
  });
});
