import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findBarriers, launchBrowser, newVisitor, PHONE, signIn, type Visitor } from './browser.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';
import { pressOn } from './focus.ts';

let deployment: Deployment;
let browser: Browser;
let admin: Visitor;

beforeAll(async () => {
  [deployment, browser] = await Promise.all([startDeployment(), launchBrowser()]);
  admin = await newVisitor(browser, deployment.url, { viewport: { width: 1440, height: 900 } });
  const page = await admin.openTab();
  await signIn(page);
  await page.goto('/settings');
  for (const method of ['link', 'code'])
    await page.getByLabel(`People may sign in with a ${method} that is mailed to them`).check();
  await page
    .locator('section', { has: page.getByRole('heading', { name: 'Passwords, sessions and sign-in' }) })
    .getByRole('button', { name: 'Save' })
    .click();
  await page.getByText('The settings are saved.').waitFor();
  await page.close();
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

const { email } = administrator;
let seen: string | undefined;
/** Another link than the one before: the mail may take a moment. */
async function newLink(): Promise<string> {
  const read = () => deployment.mailedLink(email, '/signin/mail-link');
  const before = seen;
  await expect.poll(async () => (seen = await read())).not.toBe(before);
  return seen ?? '';
}

// First: whoever signs in by mail proves the address, and ends what was open before.
it('invites many at once: faults are shown first, then the mails leave', async () => {
  const page = await admin.openTab('/invitations');
  await pressOn(page.getByRole('button', { name: 'Invite many' }));
  const dialog = page.getByRole('dialog', { name: 'Invite many' });
  await dialog
    .getByLabel('Addresses and roles')
    .fill('grace@example.com,SUPPORT_AGENT\nnobody\nalan@example.com,NOBODY');
  await dialog.getByRole('button', { name: 'Look through' }).click();
  await dialog.getByText('3 lines, 1 of them can be invited.').waitFor();
  await dialog.getByText('This is no address.').waitFor();
  await dialog.getByText('There is no such role.').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Invite the one without a fault' }).click();
  await dialog.getByText('One person is invited.').waitFor();
  await dialog.getByText('1 of 1 mails have left.').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('heading', { name: 'grace@example.com' }).waitFor();
  await deployment.mailedLink('grace@example.com', '/invitation');
  expect(admin.faults()).toEqual([]);
});

it('by a link, on a phone and by keyboard: at once in the browser that asked', async () => {
  const visitor = await newVisitor(browser, deployment.url, PHONE);
  const page = await visitor.openTab('/signin');
  await pressOn(page.getByRole('link', { name: 'Sign in with a link by mail' }));
  await page.getByRole('heading', { name: 'Sign in with a link by mail' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.getByLabel('Email address').fill(email);
  await pressOn(page.getByLabel('Email address'));
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.goto(await newLink());
  await page.getByRole('heading', { name: /^Hello, / }).waitFor();
  expect(visitor.faults()).toEqual([]);
});

it('by a link that another browser asked for: when the person says so', async () => {
  const asking = await newVisitor(browser, deployment.url);
  const ask = await asking.openTab('/signin/mail?method=link');
  await ask.getByLabel('Email address').fill(email);
  await ask.getByRole('button', { name: 'Send the link' }).click();
  await ask.getByRole('heading', { name: 'Look into your mail' }).waitFor();
  const link = await newLink();
  const visitor = await newVisitor(browser, deployment.url, { viewport: { width: 390, height: 844 } });
  const page = await visitor.openTab(link);
  await page.getByRole('heading', { name: 'Sign in here?' }).waitFor();
  await page.getByText(`you would be signed in as ${email}`).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await pressOn(page.getByRole('button', { name: 'Sign in here' }));
  await page.getByRole('heading', { name: /^Hello, / }).waitFor();
  expect(visitor.faults()).toEqual([]);
});

it('by a code, which is told to be wrong where it is', async () => {
  const visitor = await newVisitor(browser, deployment.url, PHONE);
  const page = await visitor.openTab('/signin/mail?method=code');
  await page.getByLabel('Email address').fill(email);
  await pressOn(page.getByLabel('Email address'));
  const field = page.getByLabel('Code from the mail');
  await field.fill('0000 0000');
  expect(await findBarriers(page)).toEqual([]);
  await pressOn(field);
  await page.getByText('That code is not right').waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true');
  const code = await deployment.mailedCode(email);
  await field.fill(code);
  await pressOn(field);
  await page.getByRole('heading', { name: /^Hello, / }).waitFor();
});
