import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBarriers, launchBrowser, newVisitor, PHONE, signIn } from './browser.ts';
import { type Deployment, MAILBOX_LINK, startDeployment } from './deployment.ts';
import { pressOn, takeFocus, untilFocused } from './focus.ts';

let deployment: Deployment;
let browser: Browser;

beforeAll(async () => {
  [deployment, browser] = await Promise.all([startDeployment(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

describe('registration', () => {
  it('opens an organisation, on a phone and by keyboard, by the link from the mail, whose token leaves the address at once and works once', async () => {
    const visitor = await newVisitor(browser, deployment.url, PHONE);
    const page = await visitor.openTab('/signin');
    await pressOn(page.getByRole('link', { name: 'Create an account' }));
    await untilFocused(page.getByRole('heading', { name: 'Create an account' }));
    for (const text of ['Grace Hopper', 'Example Ships', 'grace@example.com', 'password']) {
      await page.keyboard.press('Tab');
      await page.keyboard.type(text);
    }
    const password = page.getByLabel('New password');
    expect(await password.inputValue()).toBe('password');
    await page.getByText('a capital letter: missing').waitFor({ state: 'attached' });
    await page.getByText('Guessed at once').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => password.getAttribute('aria-invalid')).toBe('true');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('Anchor-Chain-9');
    await page.getByText('a capital letter: done').waitFor({ state: 'attached' });
    await page.getByText('Strong', { exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();

    const link = await deployment.mailedLink('grace@example.com');
    await page.goto(link);
    await page.getByRole('heading', { name: 'Confirm your address' }).waitFor();
    expect(page.url()).toBe(`${deployment.url}/register/confirm`);
    await takeFocus(page.getByLabel('Password', { exact: true }));
    await page.keyboard.type('Anchor-Chain-9');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Hello, Grace Hopper' }).waitFor();
    await page.getByText('Example Ships').first().waitFor();

    const thief = await (await newVisitor(browser, deployment.url)).openTab(link);
    await thief.getByLabel('Password', { exact: true }).fill('Anchor-Chain-9');
    await thief.getByRole('button', { name: 'Confirm and sign in' }).click();
    await thief.getByText('This link has been used').waitFor();
    expect(visitor.faults()).toEqual([]);
  });

  it('shows its mail in a browser that opened the link of the start once, and in no other', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab('/register');
    await page.getByLabel('Your name').fill('Joan Clarke');
    await page.getByLabel('Organisation').fill('Example Huts');
    await page.getByLabel('Email address').fill('joan@example.com');
    await page.getByLabel('New password').fill('Number-Eight-8');
    await page.getByRole('button', { name: 'Create account' }).click();
    const opened = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Open the development mailbox' }).click();
    const mailbox = await opened;
    await mailbox.getByText('Open the link that the service printed').waitFor();

    await deployment.mailedLink('joan@example.com');
    // Pasted over the address of the page that asks for it, as a person would.
    await mailbox.goto(await deployment.printed(MAILBOX_LINK));
    await mailbox.getByText('To joan@example.com').waitFor();
    expect(mailbox.url()).toBe(`${deployment.url}/dev/mail`);
    const again = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Open the development mailbox' }).click();
    await (await again).getByText('To joan@example.com').waitFor();

    const other = await (await newVisitor(browser, deployment.url)).openTab('/dev/mail');
    expect(await other.content()).not.toContain('joan@example.com');
    expect(visitor.faults()).toEqual([]);
  });

  it('is not offered where it is closed', async () => {
    const closed = await startDeployment({ REGISTRATION: 'closed' });
    try {
      const page = await (await newVisitor(browser, closed.url)).openTab('/register');
      await page.getByText('Registration is closed here.').waitFor();
      await page.getByRole('link', { name: 'Go to sign-in' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await page.getByRole('link', { name: 'Create an account' }).count()).toBe(0);
    } finally {
      await closed.stop();
    }
  });
});

describe('the first administrator', () => {
  it('is made by the link that the first start prints, and signs in', async () => {
    const fresh = await startDeployment({
      GATEHOUSE_ADMIN_EMAIL: undefined,
      GATEHOUSE_ADMIN_PASSWORD: undefined,
    });
    try {
      const link = await fresh.printed(/http\S+\/setup#token=\S+/);
      const visitor = await newVisitor(browser, fresh.url);
      const page = await visitor.openTab('/signin');
      await page.getByText('This deployment has no administrator yet.').waitFor();
      await page.goto(link);
      await page.getByLabel('Your name').fill('Ada Lovelace');
      await page.getByLabel('Email address').fill('ada@example.com');
      await page.getByLabel('New password').fill('Engine-Number-2');
      expect(page.url()).toBe(`${fresh.url}/setup`);
      await page.getByRole('button', { name: 'Create administrator' }).click();
      await page.getByText('The first administrator is set up.').waitFor();
      await signIn(page, { email: 'ada@example.com', password: 'Engine-Number-2' });
      await page.getByRole('link', { name: 'Users' }).waitFor();
      expect(visitor.faults()).toEqual([]);
    } finally {
      await fresh.stop();
    }
  });
});
