import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addMailPerson,
  ASK,
  askedForCode,
  askedForLink,
  BY_CODE,
  BY_LINK,
  OPEN_LINK,
  otherCode,
} from '../../../../test/mail-sign-in.fixture.ts';
import type { Answer } from '../../../../test/browser.fixture.ts';
import { withClient } from '../../../../test/database.setup.ts';
import { untilWaiting } from '../../../../test/locks.fixture.ts';
import { FORGOT, freshAddress } from '../../../../test/recovery.fixture.ts';
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

describe('mail to an address that is asked for while somebody else asks for it', () => {
  const ASKS = [
    [ASK, { method: 'link' }],
    [ASK, { method: 'code' }],
    [FORGOT, {}],
  ] as const;

  it('waits its turn alike, whether anybody has the address or not, and keeps no other waiting [threat 51]', async () => {
    const [known, unknown] = [(await addMailPerson(gatehouse)).email, freshAddress()];
    const answered: string[] = [];
    const askFor = async (email: string) => {
      const answers: Answer[] = await Promise.all(
        ASKS.map(([path, more]) => gatehouse.browser().post(path, { email, ...more })),
      );
      answered.push(email);
      return answers.map(({ status, text, headers }) => [status, text, Object.keys(headers).sort()]);
    };
    await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query('begin');
      for (const email of [known, unknown])
        await client.query(
          `select pg_advisory_xact_lock(hashtextextended('asks for mail ' || $1::text, 0))`,
          [email],
        );
      const asked = [known, unknown].map(askFor);
      await untilWaiting(gatehouse, 2 * ASKS.length);
      const other = freshAddress();
      await askFor(other);
      expect(answered).toEqual([other]);
      await client.query('commit');
      const [ofKnown, ofUnknown] = await Promise.all(asked);
      expect(ofUnknown).toEqual(ofKnown);
      expect(ofKnown?.map(([status]) => status)).toEqual([202, 202, 202]);
    });
  });

  it('waits for one who asks, and not for one who signs in or looks at a link [threat 51]', async () => {
    const { email, userId } = await addMailPerson(gatehouse);
    const token = await askedForLink(gatehouse, email, gatehouse.browser());
    await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query('begin');
      await client.query(`select pg_advisory_xact_lock(hashtextextended('asks for mail ' || $1::text, 0))`, [
        email,
      ]);
      const opened = await gatehouse.browser().post(OPEN_LINK, { token });
      expect(opened.body).toMatchObject({ email });
      const entered = await gatehouse.browser().post(BY_LINK, { token, elsewhere: true });
      expect(entered.status).toBe(200);
      await client.query('commit');
    });
    expect(await sessionsOf(userId)).toHaveLength(1);
  });
});
