import type { PasskeyCreationOptions } from '@gatehouse/contracts';
import type { TestBrowser } from './browser.fixture.ts';
import { ACCEPT, REGISTER } from './invitations.fixture.ts';
import { softwarePasskey } from './passkeys.fixture.ts';
import type { Policy } from './provider-steps.fixture.ts';
import type { ProviderWorld, SessionRow } from './provider-world.fixture.ts';
import { addOwner, LOGIN, mailedTo } from './recovery.fixture.ts';
import { tokenIn } from './server.fixture.ts';
import { call, PASSWORD, type Person, signIn } from './standing/people.fixture.ts';

const PROVIDER = '/api/v1/auth/invitation/provider';
const PASSKEY = '/api/v1/auth/invitation/passkey';
const HOUR = 3_600_000;

export type InvitationStep =
  | { do: 'invite' | 'resend' | 'revoke' }
  | { do: 'password'; which: number }
  | { do: 'passkey'; which: number; browser: number; twice: boolean }
  | { do: 'begin'; which: number; browser: number; via: 'oidc' | 'google' }
  | {
      do: 'answer';
      which: number;
      same: boolean;
      as: 'invited' | 'another' | 'unverified';
      twice: boolean;
    }
  | { do: 'accept'; which: number; as: 'invited' | 'another' }
  | { do: 'login'; browser: number }
  | { do: 'limit' | 'restrict'; on: boolean }
  | { do: 'demand'; policy: Policy }
  | { do: 'wait'; hours: number };

interface Invitation {
  id: string;
  status: 'open' | 'revoked' | 'accepted';
  expiresAt: number;
}
interface Link {
  token: string;
  of: Invitation;
  over: boolean;
}
interface Attempt {
  link: Link;
  via: 'oidc' | 'google';
  browser: number;
  location: string;
  since: number;
  over: boolean;
}
/** A session that has to come of a step. */
interface Opening {
  connection: string | null;
  isMfa: boolean;
}

let orders = 0;

export interface InvitationModel {
  state: unknown;
  /** Does it; resolves to what is wrong with what came of it, or undefined. */
  take(step: InvitationStep): Promise<{ wrong: string | undefined; accepted: boolean; opened: boolean }>;
}

/** An address that is invited, who has an account elsewhere or none, a stranger, two browsers, and what the model says of each step. */
export async function openInvitationModel(
  at: ProviderWorld,
  stranger: Person,
  first: Policy,
  hasAccount: boolean,
): Promise<InvitationModel> {
  const { world, connections } = at;
  const { gatehouse } = world;
  const now = () => gatehouse.clock.now().getTime();
  orders += 1;
  const email = `invited${orders}@else.example`;
  const account = hasAccount ? await addOwner(gatehouse, { email }) : undefined;
  const state = {
    policy: first,
    restricted: false,
    isFull: false,
    /** How the invited person became a user, if they did, and whether as a guest. */
    user: undefined as 'password' | 'passkey' | 'oidc' | 'google' | undefined,
    isGuest: false,
  };
  // One is less than there are.
  const writeRules = () =>
    at.setRules({ mfa: state.policy, restricted: state.restricted, users: state.isFull ? 1 : null });
  await writeRules();
  const pages = [gatehouse.browser(), gatehouse.browser()];
  const pageAt = (browser: number): TestBrowser => {
    const page = pages[browser];
    if (!page) throw new Error('there are two browsers');
    return page;
  };
  const invitations: Invitation[] = [];
  const links: Link[] = [];
  const attempts: Attempt[] = [];
  /** The provider's account that enters the user. */
  let linkedSub: string | undefined;
  let sessions = await at.sessionsOf([email]);

  const isGood = (link: Link | undefined) =>
    link !== undefined && !link.over && link.of.status === 'open' && now() < link.of.expiresAt;
  const entersByAddress = () => account !== undefined || (state.user !== undefined && state.user !== 'oidc');
  const mailed = async (of: Invitation, expiresAt: unknown) => {
    for (const link of links) if (link.of === of) link.over = true;
    of.expiresAt = Date.parse(String(expiresAt));
    links.unshift({ token: tokenIn((await mailedTo(gatehouse, email)).at(-1)), of, over: false });
  };
  const accept = (link: Link, by: NonNullable<typeof state.user> | 'guest') => {
    link.of.status = 'accepted';
    if (by === 'guest') state.isGuest = true;
    else state.user = by;
  };
  const asked = (status: number, may: boolean) =>
    status < 300 === may ? 'nothing' : { wrong: `answered ${status}` };
  /** What has to come next for the invited user, by the rules. */
  const opening = (via: 'oidc' | 'google' | 'password'): Opening | 'nothing' => {
    if (state.restricted && via !== 'oidc') return 'nothing';
    if (state.policy === 'mandatory') return 'nothing';
    return { connection: via === 'password' ? null : connections[via], isMfa: false };
  };

  async function byPasskey(
    step: Extract<InvitationStep, { do: 'passkey' }>,
  ): Promise<Opening | 'nothing' | { wrong: string }> {
    const link = links[step.which];
    const token = link?.token ?? NO_TOKEN;
    const browser = pageAt(step.browser);
    const begun = await browser.post(PASSKEY, { token });
    const may = isGood(link) && !state.restricted;
    if ((begun.status === 200) !== may) return { wrong: `begun with ${begun.status}` };
    if (begun.status !== 200 || !link) return 'nothing';
    const passkey = softwarePasskey(gatehouse.config.publicUrl).create(
      begun.body as unknown as PasskeyCreationOptions,
    );
    const body = { token, name: 'Ada Lovelace', passkey };
    const { status } = await browser.post(`${PASSKEY}/register`, body);
    if (step.twice) await pageAt(1 - step.browser).post(`${PASSKEY}/register`, body);
    const mayFinish = !state.isFull && !entersByAddress();
    if ((status === 200) !== mayFinish) return { wrong: `answered ${status}` };
    if (!mayFinish) return 'nothing';
    accept(link, 'passkey');
    return { connection: null, isMfa: true };
  }

  async function answered(step: Extract<InvitationStep, { do: 'answer' }>): Promise<Opening | 'nothing'> {
    const attempt = attempts[step.which];
    if (!attempt) return 'nothing';
    const { via, link } = attempt;
    const sub = `${step.as} ${orders} at ${via}`;
    const back = await at.answer(via, attempt.location, {
      sub,
      email: step.as === 'another' ? `another${orders}@else.example` : email,
      isVerified: step.as !== 'unverified',
      provedAt: new Date(now()),
    });
    const browser = pageAt(step.same ? attempt.browser : 1 - attempt.browser);
    await browser.get(String(back), { accept: 'text/html' });
    if (step.twice) await browser.get(String(back));
    if (!step.same || attempt.over || now() - attempt.since > HOUR / 4) return 'nothing';
    attempt.over = true;
    // Whoever is known signs in as always, whatever became of the invitation.
    if (sub === linkedSub) return opening(via);
    if (step.as !== 'invited' || !isGood(link)) return 'nothing';
    // The platform's provider finds the account, wherever it is, and has its owner sign in to it first.
    if (via === 'google' && (entersByAddress() || state.restricted)) return 'nothing';
    if (state.isFull) return 'nothing';
    accept(link, via);
    linkedSub = sub;
    return opening(via);
  }

  async function act(step: InvitationStep): Promise<Opening | 'nothing' | { wrong: string }> {
    switch (step.do) {
      case 'wait':
        gatehouse.clock.advance({ hours: step.hours });
        return 'nothing';
      case 'demand':
        state.policy = step.policy;
        await writeRules();
        return 'nothing';
      case 'restrict':
        state.restricted = step.on;
        await writeRules();
        return 'nothing';
      case 'limit':
        state.isFull = step.on;
        await writeRules();
        return 'nothing';
      case 'invite': {
        const isOpen = invitations.some(({ status, expiresAt }) => status === 'open' && now() < expiresAt);
        const may = !isOpen && !state.user && !state.isFull;
        const { status, body } = await at.ask('post', '/invitations', { email });
        if (status === 201) {
          for (const each of invitations) if (each.status === 'open') each.status = 'revoked';
          const made: Invitation = { id: String(body.id), status: 'open', expiresAt: 0 };
          invitations.unshift(made);
          await mailed(made, body.expiresAt);
        }
        return asked(status, may);
      }
      case 'resend': {
        const [of] = invitations;
        if (!of) return 'nothing';
        const { status, body } = await at.ask('post', `/invitations/${of.id}/resend`);
        if (status === 200) await mailed(of, body.expiresAt);
        return asked(status, of.status === 'open');
      }
      case 'revoke': {
        const [of] = invitations;
        if (!of) return 'nothing';
        const { status } = await at.ask('delete', `/invitations/${of.id}`);
        const may = of.status === 'open';
        if (may) of.status = 'revoked';
        return asked(status, may);
      }
      case 'password': {
        const link = links[step.which];
        const may = isGood(link) && !state.restricted && !state.isFull && !entersByAddress();
        const body = { token: link?.token ?? NO_TOKEN, name: 'Ada Lovelace', password: PASSWORD };
        const { status } = await pageAt(0).post(REGISTER, body);
        if (may && link) accept(link, 'password');
        return asked(status, may);
      }
      case 'passkey':
        return byPasskey(step);
      case 'begin': {
        const { browser, via } = step;
        const link = links[step.which];
        const connectionId = connections[via];
        const { status, body } = await pageAt(browser).post(PROVIDER, {
          token: link?.token ?? NO_TOKEN,
          connectionId,
        });
        const location = String(body.authorizationUrl);
        if (status === 200 && link)
          attempts.unshift({ link, via, browser, location, since: now(), over: false });
        return asked(status, isGood(link) && (via === 'oidc' || !state.restricted));
      }
      case 'answer':
        return answered(step);
      case 'accept': {
        const link = links[step.which];
        const who = step.as === 'invited' ? account : stranger;
        if (!who) return 'nothing';
        const { accessToken } = await signIn(gatehouse, who.tenantId, who.userId);
        sessions = await at.sessionsOf([email]);
        const body = { token: link?.token ?? NO_TOKEN };
        const { status } = await call(gatehouse, accessToken, { method: 'POST', url: ACCEPT, body });
        const may = isGood(link) && who === account && !state.isFull && !state.isGuest;
        if (may && link) accept(link, 'guest');
        return asked(status, may);
      }
      case 'login': {
        // Guesses at an address that has no password lock it, which is another model's matter.
        if (state.user !== 'password') return 'nothing';
        await pageAt(step.browser).post(LOGIN, { email, password: PASSWORD });
        return opening('password');
      }
    }
  }

  /** What stands although the rules, as they are now, would not let it in. Of the account elsewhere its home judges. */
  const misfit = ({ live, amr, connection }: SessionRow) =>
    live &&
    account === undefined &&
    ((state.policy === 'mandatory' && !amr.includes('mfa')) ||
      (state.restricted && connection !== connections.oidc));

  return {
    state,
    async take(step) {
      gatehouse.clock.advance({ seconds: 2 });
      const openBefore = invitations.filter(({ status }) => status === 'accepted').length;
      const expected = await act(step);
      const before = sessions;
      sessions = await at.sessionsOf([email]);
      const fresh = [...sessions.values()].filter(({ id }) => !before.has(id));
      const due = typeof expected === 'object' && 'isMfa' in expected ? expected : undefined;
      const members = await at.membersOf(email);
      const wrong = (what: string) => ({
        wrong: `${what}: ${JSON.stringify({ due, fresh, members })}`,
        accepted: false,
        opened: false,
      });
      if (typeof expected === 'object' && 'wrong' in expected) return wrong(expected.wrong);
      if (fresh.length !== (due ? 1 : 0)) return wrong(`${fresh.length} sessions came of it`);
      const [row] = fresh;
      if (row && due && (row.connection !== due.connection || row.amr.includes('mfa') !== due.isMfa))
        return wrong('it is another session');
      if ([...sessions.values()].some(misfit)) return wrong('a session stands against the rules');
      if (members.users !== (state.user ? 1 : 0) || members.guests !== (state.isGuest ? 1 : 0))
        return wrong('it has other members');
      const others = await at.membersOf(`another${orders}@else.example`);
      if (others.users + others.guests > 0) return wrong('somebody else was let in');
      const accepted = invitations.filter(({ status }) => status === 'accepted').length > openBefore;
      return { wrong: undefined, accepted, opened: row !== undefined };
    },
  };
}

const NO_TOKEN = `${'A'.repeat(22)}.${'B'.repeat(43)}`;
