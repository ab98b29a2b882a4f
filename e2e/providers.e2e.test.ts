import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countCalls, enter, findBarriers, launchBrowser, newVisitor, signIn } from './browser.ts';
import { makeKey, metadataOf, type SamlProvider } from '../apps/server/test/saml-provider.fixture.ts';
import { answerAsked, answerThere, goToGoogle } from './at-the-provider.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';
import { pressOn, takeFocus, untilFocused } from './focus.ts';
import { addCustomer, callApi } from './home-realm.ts';
import { invite } from './invite.ts';
import { type Providers, startProviders } from './openid-provider.ts';

let deployment: Deployment;
let browser: Browser;
let providers: Providers;

beforeAll(async () => {
  providers = await startProviders(['accounts.google.com', 'id.acme.example']);
  [deployment, browser] = await Promise.all([
    startDeployment({
      GITHUB_CLIENT_ID: 'github-client',
      GITHUB_CLIENT_SECRET: 'github-secret',
      GOOGLE_CLIENT_ID: 'google-client',
      GOOGLE_CLIENT_SECRET: 'google-secret',
      REGISTRATION: 'tenant',
      ...providers.env,
    }),
    launchBrowser(...providers.flags),
  ]);
  providers.add({
    issuer: 'https://accounts.google.com',
    clientId: 'google-client',
    clientSecret: 'google-secret',
    redirectUri: `${deployment.url}/api/v1/auth/google/callback`,
  });
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
  await providers?.stop();
});

describe('signing in by an OpenID provider', () => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

  it('goes to its pages and back by keyboard, on a phone, and nothing is typed the second time', async () => {
    const visitor = await newVisitor(browser, deployment.url, phone);
    const page = await visitor.openTab('/signin?returnTo=/users');
    await goToGoogle(page);
    await page.waitForURL('https://accounts.google.com/**');
    await answerThere(page, 'grace@elsewhere.example');
    await page.getByRole('heading', { name: 'Users' }).waitFor();
    await page.getByText('grace@elsewhere.example').first().waitFor();
    expect(page.url()).toBe(`${deployment.url}/users`);
    await visitor.context.clearCookies({ domain: 'localhost' });
    await page.goto('/signin');
    await goToGoogle(page);
    await page.getByRole('heading', { name: 'Hello, Somebody called grace' }).waitFor();
    expect(visitor.faults()).toEqual([]);
  });

  it('says in words that somebody did not agree there, and keeps where they wanted to go', async () => {
    const visitor = await newVisitor(browser, deployment.url, phone);
    const page = await visitor.openTab('/signin?returnTo=/users');
    await goToGoogle(page);
    await answerThere(page, 'nobody@elsewhere.example', false);
    await page.getByText('The identity provider did not let you in.').waitFor();
    expect(new URL(page.url()).searchParams.get('returnTo')).toBe('/users');
    await goToGoogle(page);
    await page.getByRole('button', { name: 'Continue' }).waitFor();
  });

  it('asks the owner of an account that stands already whether to link, after they signed in [threat 20]', async () => {
    const visitor = await newVisitor(browser, deployment.url, phone);
    const page = await visitor.openTab('/signin?returnTo=/users');
    const question = page.getByRole('heading', { name: 'Let Google sign you in from now on?' });
    const signInAsBefore = async (): Promise<void> => {
      await page.getByText('then you are asked whether to link the two').waitFor();
      await enter(page, administrator);
      await untilFocused(question);
    };
    await goToGoogle(page);
    await answerThere(page, administrator.email);
    await signInAsBefore();
    expect(await page.locator('.facts dd').allTextContents()).toEqual([
      `${administrator.email} (“Somebody called ${administrator.email}”)`,
      'https://accounts.google.com',
      administrator.email,
    ]);
    expect(await findBarriers(page)).toEqual([]);
    // The question stands until it is answered.
    await page.reload();
    await untilFocused(question);
    for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
    await page.getByRole('heading', { name: 'Users' }).waitFor();
    await visitor.context.clearCookies({ domain: 'localhost' });
    await page.goto('/signin');
    // Nothing is left of it, and nothing was linked.
    expect(await page.evaluate(() => sessionStorage.getItem('gatehouse-link'))).toBeNull();
    await goToGoogle(page);
    await signInAsBefore();
    const waiting = await page.evaluate(() => sessionStorage.getItem('gatehouse-link'));
    for (const key of ['Tab', 'Enter']) await page.keyboard.press(key);
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();
    await visitor.context.clearCookies({ domain: 'localhost' });
    await page.goto('/signin');
    await goToGoogle(page);
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();
    await page.getByText(administrator.email).first().waitFor();
    expect(visitor.faults()).toEqual([]);
    // What can no more be answered is said, and one goes on from there.
    await page.evaluate((token) => sessionStorage.setItem('gatehouse-link', token ?? ''), waiting);
    await page.goto('/signin/link?returnTo=/users');
    const over = page.getByRole('heading', { name: 'Nothing was linked' });
    await untilFocused(over);
    for (const key of ['Tab', 'Enter']) await page.keyboard.press(key);
    await page.getByRole('heading', { name: 'Users' }).waitFor();
  });
});

describe('signing in by an identity provider', () => {
  it('leads there and back, says what went wrong there, and goes on where one wanted to go', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const asked: URL[] = [];
    // The provider: it sends everybody back.
    await visitor.context.route('https://github.com/**', async (route) => {
      const url = new URL(route.request().url());
      asked.push(url);
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({
        error: 'access_denied',
        state: url.searchParams.get('state') ?? '',
      }).toString();
      await route.fulfill({ status: 302, headers: { location: back.href } });
    });
    const page = await visitor.openTab('/signin?returnTo=/users');
    const button = page.getByRole('link', { name: 'Continue with GitHub' });
    await button.waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await pressOn(button);
    await page.getByText('The identity provider did not let you in.').waitFor();
    expect(asked[0]?.searchParams.get('code_challenge_method')).toBe('S256');
    expect(new URL(page.url()).searchParams.get('returnTo')).toBe('/users');
    expect(await findBarriers(page)).toEqual([]);
    await enter(page, administrator);
    await page.getByRole('heading', { name: 'Users' }).waitFor();
    expect(visitor.faults()).toEqual([]);
  });
});

describe('the address on the sign-in page', () => {
  it('says whose people it is of before a password is typed, by mouse and by keyboard, and takes one only where the tenant does', async () => {
    const admin = await newVisitor(browser, deployment.url);
    const home = await admin.openTab();
    await signIn(home);
    const at = await addCustomer(home, providers, {
      name: 'Acme',
      issuer: 'https://id.acme.example',
      domain: 'acme.example',
    });

    const visitor = await newVisitor(browser, deployment.url);
    const asked = countCalls(visitor, '/api/v1/auth/check-method');
    const sent: string[] = [];
    visitor.context.on('request', (request) => sent.push(request.postData() ?? ''));
    const page = await visitor.openTab('/signin?returnTo=/users');
    const address = page.getByLabel('Email address');
    const password = page.getByLabel('Password', { exact: true });
    const go = page.getByRole('button', { name: 'Continue with Acme', exact: true });
    await password.waitFor();
    // Left by the Tab key, which would have gone on to the password.
    await address.fill('nobody@ACME.example');
    await pressOn(address, 'Tab');
    await page.getByText('People of acme.example sign in with Acme.').waitFor();
    expect(await password.isVisible()).toBe(false);
    await untilFocused(go);
    expect(await findBarriers(page)).toEqual([]);
    await pressOn(page.getByRole('button', { name: 'Use a password instead' }));
    await untilFocused(password);
    await pressOn(page.getByRole('button', { name: 'Continue with Acme instead' }));
    await go.waitFor();
    // Another domain has no provider, and its people type a password.
    await address.fill('nobody@elsewhere.example');
    await pressOn(address);
    await untilFocused(password);
    await address.fill('grace@acme.example');
    await pressOn(address);
    await go.waitFor();
    // Each domain once, and of nobody's account.
    expect(asked()).toBe(2);
    expect(sent.join()).not.toMatch(/nobody|grace/);
    await pressOn(go);
    await answerThere(page, 'grace@acme.example');
    await page.waitForURL(`${deployment.url}/users`);
    expect(visitor.faults()).toEqual([]);

    // Single sign-on only: there is no way back to a password, and one that a password manager put there is sent to nobody.
    const { version } = await callApi<{ version: number }>(home, 'GET', `${at}/settings`);
    await callApi(home, 'PATCH', `${at}/settings`, {
      version,
      settings: { signIn: { policy: 'restricted' } },
    });
    // What is known of a domain is remembered for a second.
    const ways = () =>
      callApi<{ methods: string[] }>(home, 'POST', '/auth/check-method', { email: 'anybody@acme.example' });
    await expect.poll(async () => (await ways()).methods).not.toContain('password');
    const other = await newVisitor(browser, deployment.url);
    const calls = countCalls(other, '/api/v1/auth/login');
    const tab = await other.openTab('/signin');
    await tab.getByLabel('Password', { exact: true }).fill('Filled-In-By-A-Manager-1');
    await tab.getByLabel('Email address').fill('grace@acme.example');
    await pressOn(tab.getByLabel('Email address'));
    await tab.getByRole('button', { name: 'Continue with Acme' }).waitFor();
    expect(await tab.getByRole('button', { name: 'Use a password instead' }).count()).toBe(0);
    expect(await tab.getByLabel('Password', { exact: true }).isVisible()).toBe(false);
    expect(calls()).toBe(0);
  });
});

describe('the page of sign-in providers', () => {
  it('connects one, shows what to register there, says why it cannot be put in service, and changes it', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await page.getByRole('link', { name: 'Sign-in providers' }).click();
    await page.getByText('Made by the settings of the deployment.').first().waitFor();
    await page.getByRole('button', { name: 'Connect a provider' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Acme sign-in');
    await dialog.getByLabel('Issuer').fill('https://id.nobody.invalid');
    await dialog.getByLabel('Client ID').fill('gatehouse');
    await dialog.getByLabel('Client secret').fill('a-secret-of-the-provider');
    await dialog.getByRole('button', { name: 'Connect a provider' }).click();
    await page.getByRole('heading', { name: 'Acme sign-in' }).waitFor();
    await page.getByText(`${deployment.url}/api/v1/auth/connections/`).waitFor();
    await page.getByRole('button', { name: 'Put in service: Acme sign-in' }).click();
    await page.getByText('The provider cannot be reached as described').waitFor();

    await pressOn(page.getByRole('button', { name: 'Edit Acme sign-in' }));
    await dialog.getByLabel('Name', { exact: true }).fill('Acme');
    await dialog.getByLabel('Client ID').fill('with blank');
    await pressOn(dialog.getByRole('button', { name: 'Add a mapping' }));
    await untilFocused(dialog.getByLabel('Value'));
    await page.keyboard.type('noc');
    await pressOn(dialog.getByRole('button', { name: 'Save' }));
    await dialog.getByText('Letters, digits and signs without blanks.').waitFor();
    await dialog.getByText('This is needed.').waitFor();
    const role = dialog.getByRole('combobox', { name: 'Role' });
    await takeFocus(role);
    await page.keyboard.type('support');
    await page.getByRole('option').first().waitFor();
    for (const key of ['ArrowDown', 'Enter']) await page.keyboard.press(key);
    await dialog.getByLabel('Client ID').fill('gatehouse');
    expect(await findBarriers(page)).toEqual([]);
    await pressOn(dialog.getByLabel('New client secret'));
    await page.getByText('Acme is changed.').waitFor();
    await page.getByRole('button', { name: 'Edit Acme', exact: true }).click();
    expect(await dialog.getByLabel('Value').inputValue()).toBe('noc');
    expect(await role.inputValue()).not.toBe('');
    await pressOn(dialog.getByRole('button', { name: 'Remove mapping 1' }));
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Add a domain' }).click();
    await page.getByRole('dialog').getByLabel('Domain').fill('acme.example');
    await page.getByRole('dialog').getByRole('button', { name: 'Add a domain' }).click();
    await page.getByText('_gatehouse-challenge.acme.example').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Give up acme.example' }).press('Enter');
    await page.getByRole('dialog', { name: 'Give up acme.example?' }).getByText('prove it anew').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Give up' }).press('Enter');
    await page.getByText('No domain yet').waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    expect(visitor.faults()).toEqual([]);
  });
});

describe('a SAML provider', () => {
  const idp = { entityId: 'https://idp.example/saml' } as SamlProvider;
  beforeAll(async () => {
    idp.key = await makeKey('idp');
  });

  it('is connected and tried on the page, and what it has a browser post from its own site is judged in the browser that began', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await page.goto('/connections');
    await page.getByRole('button', { name: 'Connect a provider' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Kind' }).click();
    await page.getByRole('option', { name: 'SAML 2.0' }).click();
    await dialog.getByLabel('Name', { exact: true }).fill('Acme SAML');
    await dialog.getByText('XML', { exact: true }).click();
    await dialog.getByRole('button', { name: 'Connect a provider' }).click();
    await dialog.getByText('This is needed.').waitFor();
    await dialog.getByLabel('Metadata (XML)').fill(metadataOf(idp.entityId, [idp.key.cert]));
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Connect a provider' }).click();
    await page.getByRole('heading', { name: 'Acme SAML' }).waitFor();

    await answerAsked(visitor.context, idp, () => true);
    await page.getByRole('button', { name: 'Try it: Acme SAML' }).click();
    await page.getByRole('heading', { name: 'What came of trying Acme SAML' }).waitFor();
    const found = page.getByRole('list', { name: 'What is wrong, or worth knowing' });
    expect(await found.getByRole('listitem').allTextContents()).toEqual([
      'The domain of the address is not proved. Add it under Domains, and verify it.',
      'The connection is out of service: nobody signs in by it yet.',
    ]);
    await page.getByText('["noc"]').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    const before = page.url();
    await pressOn(page.getByRole('button', { name: 'Try again' }));
    await page.waitForURL((url) => url.href !== before && url.hash.startsWith('#trial='));
    await found.waitFor();
    await pressOn(page.getByRole('link', { name: 'Sign-in providers' }).last());
    await page.getByRole('button', { name: 'Put in service: Acme SAML' }).click();
    await page.getByText('Acme SAML is in service.').waitFor();
    const login = await page.getByText(/\/login$/).textContent();
    expect(await findBarriers(page)).toEqual([]);
    expect(visitor.faults()).toEqual([]);

    const person = await newVisitor(browser, deployment.url);
    let asked = 0;
    await answerAsked(person.context, idp, () => {
      asked += 1;
      // The second time it answers something that was never asked.
      return asked === 1;
    });
    const tab = await person.openTab('/signin');
    const follow = (to: string) => tab.evaluate((address) => location.assign(address), to);
    await follow(`${login}?returnTo=/users`);
    // The cookie was there, the signature good: only the domain is nobody's.
    await tab.getByText('Your organisation has not proved the domain of your address.').waitFor();
    expect(new URL(tab.url()).searchParams.get('returnTo')).toBe('/users');
    await follow(String(login));
    await tab.getByText('A sign-in is begun here and not at the identity provider.').waitFor();
    expect(asked).toBe(2);
    expect(person.faults()).toEqual([]);
  });

  it('is offered to whom one invites, lets in with the role, and has them prove who they are: there and back by keyboard', async () => {
    const admin = await newVisitor(browser, deployment.url);
    const inviting = await admin.openTab();
    await signIn(inviting);
    const link = await invite(deployment, inviting, 'barbara@elsewhere.example', 'Support agent');

    const person = await newVisitor(browser, deployment.url);
    const addresses = ['somebody@elsewhere.example'];
    // It lets in whoever has a session there, an hour old, until it is asked a second time to ask.
    const sessions = [60, 60, 60];
    await answerAsked(
      person.context,
      idp,
      () => true,
      () => addresses.shift() ?? 'barbara@elsewhere.example',
      () => sessions.shift() ?? 0,
    );
    const page = await person.openTab(link);
    const button = page.getByRole('button', { name: 'Continue with Acme SAML' });
    await button.waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await pressOn(button);
    await page.getByText('This invitation is for barbara@elsewhere.example.').waitFor();
    expect(page.url()).toBe(`${deployment.url}/invitation?problem=invitations.other_address`);
    expect(await findBarriers(page)).toEqual([]);
    await pressOn(button);
    await page.locator('.facts').first().getByText('SUPPORT_AGENT').waitFor();
    await page.getByText('barbara@elsewhere.example').first().waitFor();

    const asked = page.getByRole('dialog', { name: 'Is it you?' });
    const ask = async () => {
      await pressOn(page.getByRole('button', { name: 'Add an app…' }));
      await asked.getByText('your identity provider has to confirm that it is you').waitFor();
    };
    await ask();
    // Above the dialog that it is asked for, which stays when the question is left.
    expect(await findBarriers(page)).toEqual([]);
    const below = page.getByRole('dialog', { name: 'Add an authenticator app' });
    await page.keyboard.press('Escape');
    await asked.waitFor({ state: 'detached' });
    await below.getByText('it has to be proved first that it is you').waitFor();
    await page.keyboard.press('Escape');
    await below.waitFor({ state: 'detached' });
    await ask();
    await asked.getByRole('button', { name: 'Go to my identity provider' }).press('Enter');
    const refused = page.getByRole('dialog', { name: 'This did not show that it is you' });
    await refused.getByText('does not say that you have just signed in there').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(new URL(page.url()).hash).toBe('');
    await pressOn(refused.getByRole('button', { name: 'Close' }).last());
    await refused.waitFor({ state: 'detached' });
    await ask();
    await pressOn(asked.getByRole('button', { name: 'Go to my identity provider' }));
    await page.getByText('Your identity provider has confirmed that it is you.').waitFor();
    await page.getByRole('button', { name: 'Add an app…' }).press('Enter');
    await below.getByText('Or type this key').waitFor();
    const code = below.getByLabel('Code that the app shows');
    await expect.poll(() => code.evaluate((field) => field === document.activeElement)).toBe(true);
    expect(person.faults()).toEqual([]);
  });
});
