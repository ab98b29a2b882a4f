import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBarriers, launchBrowser, newVisitor, signIn } from './browser.ts';
import { type Deployment, startDeployment } from './deployment.ts';

let deployment: Deployment;
let browser: Browser;

beforeAll(async () => {
  [deployment, browser] = await Promise.all([startDeployment(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

const grace = { email: 'grace@example.com', password: 'Other-Horse-8' };

/** Adds somebody, who sets a password by the mailed link and signs in. */
async function enterAsGrace(): Promise<{ page: Page; faults: () => readonly string[] }> {
  const admin = await (await newVisitor(browser, deployment.url)).openTab();
  await signIn(admin);
  await admin.goto('/users');
  await admin.getByRole('button', { name: 'Add user' }).first().click();
  await admin.getByRole('dialog').getByLabel('Name').fill('Grace');
  await admin.getByRole('dialog').getByLabel('Email address').fill(grace.email);
  await admin.getByRole('dialog').getByRole('button', { name: 'Add user' }).click();
  await admin.getByRole('dialog').waitFor({ state: 'detached' });
  const visitor = await newVisitor(browser, deployment.url);
  const page = await visitor.openTab(await deployment.mailedLink(grace.email));
  await page.getByLabel('New password').fill(grace.password);
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText('Your password is set. Sign in with it.').waitFor();
  await signIn(page, grace);
  return { page, faults: visitor.faults };
}

/** As an app would, after it has shown its text. */
const consent = (page: Page) =>
  page.evaluate(async () => {
    const me = await fetch('/api/v1/auth/me');
    const csrf = me.headers.get('x-csrf-token') ?? '';
    const answer = await fetch('/api/v1/account/consents', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
      body: JSON.stringify({ purpose: 'product-news', version: '2026-11' }),
    });
    return answer.status;
  });

describe('a person', () => {
  it('takes consents back and gives them again, takes the data along, and is erased, from the account page', async () => {
    const { page, faults } = await enterAsGrace();
    await page.getByText('No app has asked you for a consent.').waitFor();
    expect(await consent(page)).toBe(201);
    await page.reload();
    await page.getByRole('button', { name: 'Withdraw the consent: product-news' }).click();
    await page.getByText('Withdrawn: product-news').waitFor();
    await page.getByRole('button', { name: 'Consent again: product-news' }).click();
    await page.getByText('Granted: product-news').waitFor();

    await page.getByRole('button', { name: 'Export…' }).click();
    const dialog = page.getByRole('dialog');
    const saved = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toMatch(/^personal-data-[0-9a-f-]{36}\.json$/);
    const document = JSON.parse(await readFile(await file.path(), 'utf8')) as {
      person: { email: string };
      consents: object[];
    };
    expect(document).toMatchObject({ person: { email: grace.email }, format: 'gatehouse-personal-data' });
    expect(document.consents).toHaveLength(3);

    await page.getByRole('button', { name: 'Erase…' }).click();
    await dialog.getByRole('button', { name: 'Erase for good' }).click();
    await dialog.getByText('Tick this to go on.').waitFor();
    await dialog.getByLabel('I know that this cannot be undone, by anybody.').check();
    await dialog.getByRole('button', { name: 'Erase for good' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await page.goto('/signin');
    await page.getByLabel('Email address').fill(grace.email);
    await page.getByLabel('Password', { exact: true }).fill(grace.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.locator('.failure').waitFor();
    expect(faults()).toEqual([]);
  });

  it('who is the last administrator is told why they cannot be erased, and stays', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await page.getByRole('button', { name: 'Erase…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('I know that this cannot be undone, by anybody.').check();
    await dialog.getByRole('button', { name: 'Erase for good' }).click();
    await dialog.getByText('Make somebody else one first.').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.reload();
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();
    expect(visitor.faults()).toEqual([]);
  });

  it.each([1280, 390])('finds no barrier at %d pixels, on the page and in both dialogs', async (width) => {
    const visitor = await newVisitor(browser, deployment.url, { viewport: { width, height: 900 } });
    const page = await visitor.openTab();
    await signIn(page);
    await consent(page);
    await page.reload();
    await page.getByText('product-news').first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    for (const name of ['Export…', 'Erase…']) {
      await page.getByRole('button', { name }).click();
      await page.getByRole('dialog').waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  });
});
