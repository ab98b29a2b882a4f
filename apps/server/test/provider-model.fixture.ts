import type { Answer, TestBrowser } from './browser.fixture.ts';
import {
  type ProviderWorld,
  tokenOf,
  type Said,
  type SessionRow,
  type Via,
} from './provider-world.fixture.ts';
import { addOwner, LOGIN } from './recovery.fixture.ts';
import { addAuthenticator, authenticator, ENROL, VERIFY } from './second-factor.fixture.ts';
import { PASSWORD } from './standing/people.fixture.ts';
import { BY_CONNECTION } from './step-up.fixture.ts';
import type {
  Attempt,
  Opening,
  Pending,
  Policy,
  ProviderModel,
  Saying,
  Somebody,
  Step,
  WaitingLink,
} from './provider-steps.fixture.ts';
import { isEnough, MINUTE } from './provider-steps.fixture.ts';

let people = 0;

/** A person with a password, a newcomer whom nobody here knows, two browsers, and what the model says may come of each step. */
export async function openProviderModel(
  at: ProviderWorld,
  first: Policy,
  hasApp: boolean,
): Promise<ProviderModel> {
  const { world, connections } = at;
  const { gatehouse } = world;
  const now = () => gatehouse.clock.now().getTime();
  const served = { oidc: true, saml: true, google: true };
  const state = { policy: 'optional' as Policy, restricted: false, served, suspended: false, domain: true };
  const writeRules = () => at.setRules({ mfa: state.policy, restricted: state.restricted });
  // Whatever the order before has left.
  await writeRules();
  await at.setDomain(true);
  for (const via of ['oidc', 'saml'] as const) await at.serve(via, true);
  people += 1;
  const owner: Somebody = { email: `owner${people}@acme.example`, links: [] };
  const newcomer: Somebody = { email: `newcomer${people}@acme.example`, links: [] };
  const { userId } = await addOwner(gatehouse, { tenantId: at.tenantId, email: owner.email });
  await gatehouse.sql('delete from gatehouse.sessions where user_id = $1', [userId]);
  const pages = [gatehouse.browser(), gatehouse.browser()];
  const pageAt = (browser: number): TestBrowser => pages[browser] ?? gatehouse.browser();
  /** The session that each browser was given last. */
  const held: (string | undefined)[] = [undefined, undefined];
  const givenAt = [0, 0];
  if (hasApp) {
    const home = gatehouse.browser();
    const answer = await home.post(LOGIN, { email: owner.email, password: PASSWORD });
    if (answer.status !== 200) throw new Error(`the world cannot be set up: ${answer.text}`);
    owner.app = await addAuthenticator(gatehouse, home);
    await home.post('/api/v1/auth/logout');
  }
  state.policy = first;
  await writeRules();

  /** What the last request was answered, for whoever reads of a failure. */
  let answered = '';
  let isToldToWait = false;
  const tell = (answer: Answer) => {
    isToldToWait = typeof answer.body.session_token === 'string' || tokenOf(answer, 'token') !== '';
    answered = JSON.stringify([answer.status, answer.headers.location, answer.body.code]);
    return answer;
  };
  const attempts: Attempt[] = [];
  const pending: Pending[] = [];
  const links: WaitingLink[] = [];
  const wrongs = { password: 0, factor: 0 };
  const loadSessions = () => at.sessionsOf([owner.email, newcomer.email]);
  let sessions = await loadSessions();
  const heldBy = (browser: number) => {
    const row = sessions.get(held[browser] ?? '');
    return row?.live === true ? row : undefined;
  };
  /** A browser whose access token has expired renews it first, as every page does. */
  const pageIn = async (browser: number) => {
    const page = pageAt(browser);
    if (now() - (givenAt[browser] ?? 0) > 10 * MINUTE) await page.post('/api/v1/auth/refresh');
    return page;
  };
  const isYoung = ({ since }: { since: number }, minutes: number) => now() - since <= minutes * MINUTE;
  const isSuspended = (who: Somebody) => who === owner && state.suspended;
  /** Whether the rules as they are now let somebody in that way at all. */
  const isWay = (via: Via | 'password') =>
    via === 'oidc' || via === 'saml' ? state.served[via] : !state.restricted;

  /** A first factor was proved: what has to come next, by the rules. */
  function afterFirst(
    who: Somebody,
    via: Via | 'password',
    browser: number,
    provedAt: number,
    answer: Answer,
  ): Opening | 'nothing' {
    if (!isWay(via)) return 'nothing';
    const waits = (waiting: Pending['waiting']) => {
      const { session_token: told } = answer.body;
      const token = typeof told === 'string' ? told : tokenOf(answer, 'token');
      // A browser has one sign-in that waits.
      for (const each of pending) if (each.browser === browser) each.over = true;
      pending.unshift({ token, waiting, who, via, browser, since: now(), provedAt, over: false });
      return 'nothing' as const;
    };
    if (state.policy !== 'off' && who.app) return waits('second-factor');
    if (state.policy === 'mandatory') return waits('enrolment');
    return { who, via, browser, isMfa: false, provedAt };
  }

  async function answerOf(step: Extract<Step, { do: 'answer' }>): Promise<Opening | 'nothing'> {
    const attempt = attempts[step.which];
    if (attempt === undefined) return 'nothing';
    const { via } = attempt;
    // An answer by SAML waits here until its browser comes for it; there is no second one.
    attempt.said ??= sayingOf(step, via);
    const { who, sub, provedAt, isVerified, said } = attempt.said;
    attempt.back ??= await at.answer(via, attempt.location, said);
    const { back } = attempt;
    if (back === undefined || via !== 'saml') attempt.said = attempt.back = undefined;
    if (back === undefined) return 'nothing';
    const browser = step.at === 'other browser' ? 1 - attempt.browser : attempt.browser;
    const other = connections[via === 'oidc' ? 'saml' : 'oidc'];
    const path = step.at === 'other connection' ? back.replace(/[^/]+\/callback/, `${other}/callback`) : back;
    const answer = tell(await pageAt(browser).get(path, { accept: 'text/html' }));
    if (step.again) await pageAt(browser).get(path);
    if (step.at !== 'same browser' || attempt.over || !isYoung(attempt, 15)) return 'nothing';
    attempt.over = true;
    if (!state.served[via]) return 'nothing';
    if (provedAt !== 0) at.statesTime.add(via);
    const linked = [owner, newcomer].find(({ links: of }) => of.some((each) => each.sub === sub));
    if (attempt.proves !== undefined) {
      const session = heldBy(browser);
      const isGood =
        session?.id === attempt.proves &&
        linked?.email === session.email &&
        linked.app === undefined &&
        provedAt >= attempt.since - 2 * MINUTE;
      return isGood
        ? { who: linked, via, browser, isMfa: session.amr.includes('mfa'), provedAt, isStepUp: true }
        : 'nothing';
    }
    const user = linked ?? who;
    if (isSuspended(user) || (!linked && !isVerified)) return 'nothing';
    if (!linked && via === 'google') {
      // The platform's provider vouches for no address of that domain: its owner signs in as before, and says.
      links.unshift({ token: tokenOf(answer, 'link'), via, sub, browser, since: now(), over: false });
      return 'nothing';
    }
    if (!linked && !state.domain) return 'nothing';
    if (isWay(via) && state.policy === 'mandatory' && !user.app && !isEnough(attempt, provedAt, now(), at)) {
      // Whoever would set up their first factor by an old proof is sent back once, and nothing has happened.
      const location = String(answer.headers.location);
      if (!attempt.anew) attempts.unshift({ via, browser, location, since: now(), over: false, anew: true });
      return 'nothing';
    }
    if (!linked) user.links.push({ via, sub });
    return afterFirst(user, via, browser, provedAt, answer);
  }

  function sayingOf(step: Extract<Step, { do: 'answer' }>, via: Via): Saying {
    const who = step.as === 'newcomer' && via !== 'google' ? newcomer : owner;
    const sub = `${who === newcomer ? 'newcomer' : step.as} ${people} at ${via}`;
    const isVerified = step.isVerified || via === 'saml';
    const time = { now: now(), 'long ago': now() - 60 * MINUTE, 'not said': 0 }[step.proved];
    // Seconds, where an ID token says it.
    const provedAt = via === 'saml' ? time : Math.floor(time / 1000) * 1000;
    const said: Said = {
      sub,
      email: who.email,
      isVerified,
      provedAt: time === 0 ? 'not said' : new Date(time),
    };
    return { who, sub, isVerified, provedAt, said };
  }

  /** A second factor, or a first one of somebody who has to have one; `undefined` where there is no such sign-in. */
  async function finish(step: Extract<Step, { do: 'verify' | 'enrol' }>): Promise<Opening | 'nothing'> {
    const isEnrolment = step.do === 'enrol';
    const of = pending.filter(({ waiting }) => (waiting === 'enrolment') === isEnrolment)[step.which];
    const browser = step.same ? (of?.browser ?? 0) : 1 - (of?.browser ?? 0);
    const session_token = of?.token ?? 'x'.repeat(66);
    const isHeld = of !== undefined && !of.over && step.same && isYoung(of, isEnrolment ? 15 : 5);
    const isOpen = isHeld && !isSuspended(of.who);
    const opening = () => {
      if (!of || !isOpen || !right || !isWay(of.via)) return 'nothing' as const;
      of.over = true;
      const provedAt = isEnrolment && of.via !== 'password' ? of.provedAt : now();
      return { who: of.who, via: of.via, browser, isMfa: true, provedAt };
    };
    // Five wrong ones lock the factor, which is another model's matter.
    const right = step.right || wrongs.factor >= 4;
    if (!isEnrolment) {
      const [backup_code] = of?.who.app?.backupCodes ?? [];
      if (right && isOpen && backup_code === undefined) return 'nothing';
      if (!right && isOpen) wrongs.factor += 1;
      const given = right && backup_code !== undefined ? backup_code : 'AAAAA-AAAAA';
      const { status } = await pageAt(browser).post(VERIFY, { session_token, backup_code: given });
      if (status === 200) of?.who.app?.backupCodes.shift();
      return opening();
    }
    const offer = await pageAt(browser).post(ENROL, { session_token });
    if (offer.status !== 200) return isOpen && state.policy !== 'off' ? opening() : 'nothing';
    const app = authenticator(gatehouse, String(offer.body.secret));
    const done = await pageAt(browser).post(`${ENROL}/confirm`, {
      session_token,
      enrolment_token: offer.body.enrolment_token,
      totp_code: app.code(right ? 0 : 7),
    });
    if (done.status === 200 && of) {
      app.backupCodes = (done.body.backup_codes ?? []) as string[];
      of.who.app = app;
      for (const each of pending) if (each.who === of.who && each !== of) each.over = true;
    }
    return opening();
  }

  async function link(step: Extract<Step, { do: 'link' }>): Promise<string | undefined> {
    const of = links[step.which];
    const browser = step.same ? (of?.browser ?? 0) : 1 - (of?.browser ?? 0);
    const path = `/api/v1/auth/link${step.says === 'yes' ? '' : '/decline'}`;
    const { status } = await (await pageIn(browser)).post(path, {
      token: of?.token ?? 'x'.repeat(66),
    });
    const session = heldBy(browser);
    const may =
      of !== undefined &&
      !of.over &&
      step.same &&
      isYoung(of, 15) &&
      session?.email === owner.email &&
      session.auth_time.getTime() >= of.since;
    if (may) of.over = true;
    if (may && step.says === 'yes' && !owner.links.some(({ sub }) => sub === of.sub))
      owner.links.push({ via: of.via, sub: of.sub });
    return status < 300 === may ? undefined : `answered ${status}`;
  }

  async function stepUp(browser: number): Promise<string | undefined> {
    const session = heldBy(browser);
    const via = session && at.viaOf(session);
    const who = [owner, newcomer].find(({ email }) => email === session?.email);
    const may = via !== undefined && via !== 'password' && who?.app === undefined;
    const { status, body } = await (await pageIn(browser)).post(BY_CONNECTION);
    if ((status === 200) !== may) return `answered ${status}`;
    if (may)
      attempts.unshift({
        via,
        browser,
        location: String(body.authorizationUrl),
        since: now(),
        over: false,
        proves: session?.id,
      });
    return undefined;
  }

  async function unlink(browser: number, via: Via): Promise<string | undefined> {
    const session = heldBy(browser);
    const by = await pageIn(browser);
    const linked = (await by.get('/api/v1/auth/identities')).body.items as
      | { id: string; connectionId: string }[]
      | undefined;
    const id = linked?.find(({ connectionId }) => connectionId === connections[via])?.id;
    if (id === undefined) return undefined;
    const { status } = await by.delete(`/api/v1/auth/identities/${id}`);
    if (status !== 204) return undefined;
    const who = [owner, newcomer].find(({ email }) => email === session?.email);
    if (!session || !who || now() - session.auth_time.getTime() > 10 * MINUTE)
      return 'unlinked without a proof';
    who.links.splice(
      who.links.findIndex((each) => each.via === via),
      1,
    );
    for (const each of pending) if (each.who === who) each.over = true;
    const stands = [...(await loadSessions()).values()].find(
      (row) =>
        row.live && row.email === who.email && row.connection === connections[via] && row.id !== session.id,
    );
    return stands && 'a session of it stands';
  }

  /** Does it; resolves to the session that has to come of it, or to what is wrong already. */
  async function act(step: Step): Promise<Opening | 'nothing' | { wrong: string | undefined }> {
    switch (step.do) {
      case 'wait':
        gatehouse.clock.advance({ minutes: step.minutes });
        return 'nothing';
      case 'demand':
        state.policy = step.policy;
        await writeRules();
        return 'nothing';
      case 'restrict':
        state.restricted = step.on;
        await writeRules();
        return 'nothing';
      case 'domain':
        state.domain = step.on;
        await at.setDomain(step.on);
        return 'nothing';
      case 'suspend':
        if (step.on)
          for (const each of [...pending.filter(({ who }) => who === owner), ...links]) each.over = true;
        state.suspended = step.on;
        await at.administer(`/users/${userId}/${step.on ? 'suspend' : 'activate'}`);
        return 'nothing';
      case 'serve':
        if (state.served[step.via] === step.on) return 'nothing';
        state.served[step.via] = step.on;
        for (const each of pending) if (each.via === step.via) each.over = true;
        await at.serve(step.via, step.on);
        return 'nothing';
      case 'leave':
        await pageAt(step.browser).post('/api/v1/auth/logout');
        return 'nothing';
      case 'begin': {
        const { via, browser } = step;
        const { status, headers } = await pageAt(browser).get(at.login[via]);
        if ((status === 303) !== state.served[via]) return { wrong: `answered ${status}` };
        const location = String(headers.location);
        if (status === 303) attempts.unshift({ via, browser, location, since: now(), over: false });
        return 'nothing';
      }
      case 'password': {
        // Five wrong ones lock the account, which is another model's matter.
        const isRight = step.right || wrongs.password >= 4;
        if (wrongs.password >= 4 && state.suspended) return 'nothing';
        if (!isRight || state.suspended) wrongs.password += 1;
        const body = { email: owner.email, password: isRight ? PASSWORD : 'Wrong-Pass-1' };
        const answer = tell(await pageAt(step.browser).post(LOGIN, body));
        if (!isRight || state.suspended) return 'nothing';
        return afterFirst(owner, 'password', step.browser, now(), answer);
      }
      case 'answer':
        return answerOf(step);
      case 'verify':
      case 'enrol':
        return finish(step);
      case 'link':
        return { wrong: await link(step) };
      case 'stepUp':
        return { wrong: await stepUp(step.browser) };
      case 'unlink':
        return { wrong: await unlink(step.browser, step.via) };
    }
  }

  /** What stands although the rules, as they are now, would not let it in. */
  function misfit(row: SessionRow): boolean {
    const who = row.email === owner.email ? owner : newcomer;
    return (
      row.live &&
      (isSuspended(who) ||
        !isWay(at.viaOf(row)) ||
        (state.policy === 'mandatory' && !row.amr.includes('mfa')))
    );
  }

  return {
    state,
    async take(step) {
      gatehouse.clock.advance({ seconds: 2 });
      isToldToWait = false;
      const waiting = pending.length;
      const expected = await act(step);
      const before = sessions;
      sessions = await loadSessions();
      const fresh = [...sessions.values()].filter(({ id }) => !before.has(id));
      const opening = typeof expected === 'object' && 'who' in expected ? expected : undefined;
      const told = fresh.map((row) => ({ ...row, by: at.viaOf(row) }));
      const wrong = (what: string) => ({
        wrong: `${what}: ${JSON.stringify({ opening, told, answered })}`,
        opened: false,
      });
      if (typeof expected === 'object' && 'wrong' in expected && expected.wrong !== undefined)
        return wrong(expected.wrong);
      if (isToldToWait !== pending.length > waiting) return wrong('a sign-in waits, or ought to');
      if (fresh.length !== (opening ? 1 : 0)) return wrong(`${fresh.length} sessions came of it`);
      const stands = [...sessions.values()].filter(misfit);
      if (stands.length > 0) return wrong(`stands against the rules: ${JSON.stringify(stands)}`);
      const [row] = fresh;
      if (!row || !opening) return { wrong: undefined, opened: false };
      const { who, via, browser, isMfa, provedAt, isStepUp } = opening;
      if (row.email !== who.email || at.viaOf(row) !== via) return wrong('it is another session');
      if (row.amr.includes('mfa') !== isMfa) return wrong('it has proved something else');
      if (row.auth_time.getTime() !== provedAt) return wrong('it was proved at another time');
      held[browser] = row.id;
      givenAt[browser] = now();
      // Signing in ends what waits in that browser.
      if (!isStepUp) for (const each of pending) if (each.browser === browser) each.over = true;
      return { wrong: undefined, opened: true };
    },
  };
}
