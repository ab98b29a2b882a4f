import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enter, launchBrowser, newVisitor, PHONE, signIn, type Visitor } from './browser.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';
import { pressOn, untilFocused } from './focus.ts';

let deployment: Deployment;
let browser: Browser;

beforeAll(async () => {
  [deployment, browser] = await Promise.all([startDeployment(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

/** Every answer that the pages of a visitor get over HTTP, but for the development mailbox. */
function hear({ context }: Visitor): () => Promise<string[]> {
  const heard: Promise<string>[] = [];
  context.on('response', (response) => {
    const headers = JSON.stringify(response.headers());
    heard.push(
      response.text().then(
        (text) => headers + text,
        () => headers,
      ),
    );
  });
  return () => Promise.all(heard);
}

/** Registers somebody with an organisation of their own, signed in. */
async function register(visitor: Visitor, email: string, password: string): Promise<Page> {
  const page = await visitor.openTab('/register');
  await page.getByLabel('Your name').fill('Grace Hopper');
  await page.getByLabel('Organisation').fill('Example Ships');
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('New password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  await page.goto(await deployment.mailedLink(email));
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Confirm and sign in' }).click();
  await page.getByRole('heading', { name: 'Hello, Grace Hopper' }).waitFor();
  return page;
}

describe('a forgotten password', () => {
  it('is set anew from the sign-in page by keyboard alone; the link’s token leaves the address and is in no answer [threat 37]', async () => {
    const email = 'forgetful@example.com';
    const owner = await newVisitor(browser, deployment.url);
    const home = await register(owner, email, 'Anchor-Chain-9');

    const visitor = await newVisitor(browser, deployment.url, PHONE);
    const heard = hear(visitor);
    const page = await visitor.openTab('/signin');
    await pressOn(page.getByRole('link', { name: 'Forgot your password?' }));
    await page.getByLabel('Email address').waitFor();
    await untilFocused(page.getByRole('heading', { name: 'Forgot your password?' }));
    await page.keyboard.press('Tab');
    await page.keyboard.type(email);
    await page.keyboard.press('Enter');
    await untilFocused(page.getByRole('heading', { name: 'Look into your mail', level: 1 }));

    const link = await deployment.mailedLink(email, '/reset-password');
    const token = new URL(link).hash.slice('#token='.length);
    await page.goto(link);
    const password = page.getByLabel('New password');
    await untilFocused(password);
    expect(page.url()).toBe(`${deployment.url}/reset-password`);
    await page.keyboard.type('weak');
    await page.keyboard.press('Enter');
    await page.getByText('The password does not meet the rules below.').waitFor();
    // One that everybody uses meets them all; of what was refused it is not said how good it is.
    await password.fill('Sunshine-2024!');
    const strength = page.locator('.strength [role=status]');
    await expect.poll(() => strength.textContent()).not.toBe('');
    await page.keyboard.press('Enter');
    await page.getByText('Many people use this one').waitFor();
    expect(await strength.textContent()).toBe('');
    await password.fill('Brand-New-Rope-3');
    await pressOn(password);
    await page.getByText('Your password is set. Sign in with it.').waitFor();
    await enter(page, { email, password: 'Anchor-Chain-9' });
    await page.getByText('The address or the password is not right.').waitFor();
    await enter(page, { email, password: 'Brand-New-Rope-3' });
    await page.getByRole('heading', { name: 'Hello, Grace Hopper' }).waitFor();

    // Whoever was signed in elsewhere no longer is.
    await home.reload();
    await home.getByRole('heading', { name: 'Sign in' }).waitFor();

    const again = await visitor.openTab(link);
    await again.getByLabel('New password').fill('Once-More-Rope-4');
    await again.getByRole('button', { name: 'Set password' }).click();
    await again.getByText('This link has been used').waitFor();
    await again.getByRole('link', { name: 'Ask for a new one' }).click();
    await again.getByLabel('Email address').waitFor();
    expect(visitor.faults()).toEqual([]);
    for (const answer of await heard()) expect(answer.includes(token)).toBe(false);
  });

  it('looks the same for an address that nobody has', async () => {
    const page = await (await newVisitor(browser, deployment.url)).openTab('/forgot-password');
    await page.getByLabel('Email address').fill('nobody@example.com');
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText('If nobody@example.com signs in to an account here').waitFor();
    await page.getByRole('button', { name: 'try again' }).click();
    await page.getByLabel('Email address').waitFor();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(page.url()).toBe(`${deployment.url}/signin`);
  });

  it('is what the page of a locked account offers', async () => {
    const page = await (await newVisitor(browser, deployment.url)).openTab('/locked');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor();
    expect(page.url()).toBe(`${deployment.url}/forgot-password`);
  });
});

describe('the account on the home page', () => {
  it('changes the password: all tabs go on, everybody elsewhere is signed out', async () => {
    const email = 'changer@example.com';
    const visitor = await newVisitor(browser, deployment.url);
    const page = await register(visitor, email, 'Anchor-Chain-9');
    const otherTab = await visitor.openTab('/');
    await otherTab.getByRole('heading', { name: /^Hello/ }).waitFor();
    const elsewhere = await (await newVisitor(browser, deployment.url)).openTab();
    await signIn(elsewhere, { email, password: 'Anchor-Chain-9' });

    await page.getByRole('button', { name: 'Change password…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Current password').fill('Not-My-Chain-9');
    await dialog.getByLabel('New password').fill('weak');
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.getByText('Still needed: at least 8 characters, a capital letter, a digit.').waitFor();
    await dialog.getByLabel('New password').fill('Brand-New-Rope-3');
    await dialog.getByText('Strong', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.getByText('That is not your current password.').waitFor();
    const current = dialog.getByLabel('Current password');
    await untilFocused(current);
    expect(await current.getAttribute('autocomplete')).toBe('current-password');
    await current.fill('Anchor-Chain-9');
    await pressOn(current);
    await page.getByText('Your password is changed.').waitFor();
    await page.getByText('This one').waitFor();

    for (const tab of [page, otherTab]) {
      await tab.getByRole('link', { name: 'Users' }).click();
      await tab.getByText(email).first().waitFor();
    }
    await elsewhere.reload();
    await elsewhere.getByRole('heading', { name: 'Sign in' }).waitFor();
    await enter(elsewhere, { email, password: 'Brand-New-Rope-3' });
    await elsewhere.getByRole('heading', { name: /^Hello/ }).waitFor();
    expect(visitor.faults()).toEqual([]);
  });

  it('changes the address by a link to the new one', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await register(visitor, 'mover@example.com', 'Anchor-Chain-9');
    await page.getByText('Confirmed', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Change address…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('New address').fill('moved@example.com');
    await dialog.getByLabel('Current password').fill('Anchor-Chain-9');
    await dialog.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText('Look into your new mailbox').waitFor();

    // Opened on another device, where nobody is signed in.
    const phone = await newVisitor(browser, deployment.url);
    const there = await phone.openTab(await deployment.mailedLink('moved@example.com'));
    await there.getByRole('heading', { name: 'Confirm your new address' }).waitFor();
    expect(there.url()).toBe(`${deployment.url}/confirm-email`);
    await there.getByLabel('Password', { exact: true }).fill('Not-My-Chain-9');
    await pressOn(there.getByLabel('Password', { exact: true }));
    await there.getByText('That is not the password of the account.').waitFor();
    await there.getByLabel('Password', { exact: true }).fill('Anchor-Chain-9');
    await there.getByRole('button', { name: 'Confirm the address' }).click();
    await there.getByRole('heading', { name: 'Your new address is confirmed' }).waitFor();
    await there.getByRole('link', { name: 'Go on' }).click();
    await enter(there, { email: 'moved@example.com', password: 'Anchor-Chain-9' });
    await there.getByRole('heading', { name: /^Hello/ }).waitFor();

    await page.reload();
    await page.getByRole('region', { name: 'How you sign in' }).getByText('moved@example.com').waitFor();
    expect([...visitor.faults(), ...phone.faults()]).toEqual([]);
  });

  it('has the first administrator’s address confirmed by a link', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await page.getByText('Not confirmed').waitFor();
    await page.getByRole('button', { name: 'Send me a link' }).click();
    await page.getByText(`A link to confirm ${administrator.email} is on its way.`).waitFor();
    await page.goto(await deployment.mailedLink(administrator.email));
    await page.getByRole('button', { name: 'Confirm the address' }).click();
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor();
    await page.getByRole('link', { name: 'Go on' }).click();
    await page.getByText('Confirmed', { exact: true }).waitFor();
    expect(visitor.faults()).toEqual([]);
  });
});
