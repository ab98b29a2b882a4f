import type { PasskeyCreationOptions } from '@gatehouse/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import { invited, OPEN, openHarbour, principalOf, REGISTER } from '../../../test/invitations.fixture.ts';
import { addPasskey, enterBy, softwarePasskey } from '../../../test/passkeys.fixture.ts';
import { LOGIN, signedIn } from '../../../test/recovery.fixture.ts';
import { ME } from '../../../test/second-factor.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';

const BEGIN = '/api/v1/auth/invitation/passkey';
const FINISH = `${BEGIN}/register`;

let gatehouse: TestServer;
let harbour: Awaited<ReturnType<typeof openHarbour>>;
beforeAll(async () => {
  gatehouse = await startServer();
  harbour = await openHarbour(gatehouse);
});
afterAll(() => gatehouse.close());

const passkeyOf = () => softwarePasskey(gatehouse.config.publicUrl);
/** Begins with a link and makes the passkey. */
async function made(token: string, passkey = passkeyOf(), browser = gatehouse.browser()) {
  const begun = await browser.post(BEGIN, { token });
  expect(begun.status, begun.text).toBe(200);
  return { passkey, browser, created: passkey.create(begun.body as unknown as PasskeyCreationOptions) };
}
const finish = (browser: TestBrowser, token: string, created: unknown, name = 'Ada Lovelace') =>
  browser.post(FINISH, { token, name, passkey: created });
const codeOf = ({ status, body }: { status: number; body: Record<string, unknown> }) => body.code ?? status;
const usersOf = (email: string) =>
  gatehouse.sql<{ proved: boolean }>(
    'select email_verified_at is not null as proved from gatehouse.users where email_key = $1',
    [email],
  );

it('makes the invited person a user who is signed in as by two factors, with roles and codes, and without a password', async () => {
  const platform = await gatehouse.admin();
  const settings = `/api/v1/tenants/${harbour.tenant}/settings`;
  const { version } = (await platform.get(settings)).body;
  const strict = await platform.patch(settings, { version, settings: { mfa: { policy: 'mandatory' } } });
  expect(strict.status, strict.text).toBe(200);
  const { id, token } = await invited(gatehouse, harbour.admin, 'ada@new.example', ['SUPPORT_AGENT']);
  const { passkey, browser, created } = await made(token);
  expect(await usersOf('ada@new.example')).toEqual([]);
  const answer = await finish(browser, token, created);
  expect(answer.status, answer.text).toBe(200);
  expect(answer.body.backup_codes).toHaveLength(10);
  const me = (await browser.get(ME)).body;
  expect(me.user).toMatchObject({ email: 'ada@new.example', name: 'Ada Lovelace', emailVerified: true });
  expect(me).toMatchObject({ roles: ['SUPPORT_AGENT'], session: { amr: ['pop', 'mfa'] } });
  expect(await principalOf(gatehouse, id)).toMatchObject([{ status: 'active' }]);
  const again = gatehouse.browser();
  expect(codeOf(await enterBy(again, passkey))).toBe(200);
  expect((await again.get(ME)).body.user).toMatchObject({ id: (me.user as { id: string }).id });
  const login = await gatehouse.browser().post(LOGIN, { email: 'ada@new.example', password: PASSWORD });
  expect(login.body.code).toBe('auth.invalid_credentials');
  const records = await gatehouse.sql<{ action: string }>(
    `select action from gatehouse.audit_records where tenant_id = $1 and actor_id = $2 order by id`,
    [harbour.tenant, (me.user as { id: string }).id],
  );
  expect(records.map(({ action }) => action).slice(0, 4)).toEqual([
    'invitation_accepted',
    'user_created',
    'factor_added',
    'login',
  ]);
  expect(codeOf(await finish(browser, token, created))).toBe('auth.link_invalid');
  expect(codeOf(await gatehouse.browser().post(BEGIN, { token }))).toBe('auth.link_invalid');
});

it('takes a passkey that was made for this link, once, within five minutes, and for nothing else [threat 57]', async () => {
  const one = await invited(gatehouse, harbour.admin, 'one@new.example');
  const two = await invited(gatehouse, harbour.admin, 'two@new.example');
  const first = await made(one.token);
  const refused = async (token: string, created: unknown) => {
    expect(codeOf(await finish(gatehouse.browser(), token, created))).toBe('auth.link_invalid');
  };
  await refused(two.token, first.created);
  // What somebody signed in was asked for is no account of somebody invited, nor the other way round.
  const owner = await signedIn(gatehouse, harbour.guest);
  const begun = await owner.post('/api/v1/auth/factors/passkey');
  await refused(one.token, passkeyOf().create(begun.body as unknown as PasskeyCreationOptions));
  const stolen = await owner.post('/api/v1/auth/factors/passkey/confirm', { passkey: first.created });
  expect(codeOf(stolen)).toBe('auth.link_invalid');
  for (const twist of [
    { flags: 0x41 },
    { rpId: 'evil.example' },
    { clientData: { origin: 'https://evil.example' } },
  ]) {
    const answer = await gatehouse.browser().post(BEGIN, { token: one.token });
    const bad = passkeyOf().create(answer.body as unknown as PasskeyCreationOptions, twist);
    expect(codeOf(await finish(gatehouse.browser(), one.token, bad))).toBe('factors.passkey_unusable');
  }
  for (const body of [
    {},
    { token: one.token },
    { token: one.token, name: '', passkey: first.created },
    { token: 7 },
  ])
    expect(codeOf(await gatehouse.browser().post(FINISH, body))).toBe('request.invalid');
  // A passkey that somebody has already is nobody's new one.
  const taken = passkeyOf();
  await addPasskey(owner, taken);
  expect(codeOf(await finish(gatehouse.browser(), one.token, (await made(one.token, taken)).created))).toBe(
    'factors.passkey_unusable',
  );
  expect(await usersOf('one@new.example')).toEqual([]);
  await harbour.admin.post(`/invitations/${two.id}/revoke`);
  const late = await made(one.token);
  gatehouse.clock.advance({ minutes: 5 });
  await refused(one.token, late.created);
  const fresh = await made(one.token);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => finish(gatehouse.browser(), one.token, fresh.created)),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter((answer) => codeOf(answer) === 'auth.link_invalid')).toHaveLength(49);
  expect(await usersOf('one@new.example')).toHaveLength(1);
});

it('leaves the link good where the address has an account, and is refused where the tenant takes providers only [threat 52]', async () => {
  const known = await invited(gatehouse, harbour.admin, harbour.guest.email);
  const { browser, created } = await made(known.token);
  expect(codeOf(await finish(browser, known.token, created))).toBe('users.email_in_use');
  expect((await browser.post(OPEN, { token: known.token })).status).toBe(200);
  const { token } = await invited(gatehouse, harbour.admin, 'late@new.example');
  const before = await made(token);
  await gatehouse.sql(
    `update gatehouse.tenants set settings = jsonb_set(settings, '{signIn}', '{"policy":"restricted"}') where id = $1`,
    [harbour.tenant],
  );
  // What is remembered of a tenant's rules follows the revocation log, which this update did not write.
  const other = await startServer({
    database: gatehouse.databaseUrl.split('/').at(-1) ?? '',
    clock: gatehouse.clock,
  });
  try {
    expect(codeOf(await other.browser().post(BEGIN, { token }))).toBe('auth.sso_required');
    expect(codeOf(await finish(other.browser(), token, before.created))).toBe('auth.sso_required');
    expect(codeOf(await other.browser().post(REGISTER, { token, name: 'A', password: PASSWORD }))).toBe(
      'auth.sso_required',
    );
  } finally {
    await other.close();
  }
});
