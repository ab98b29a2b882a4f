import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enter, launchBrowser, newVisitor, signIn } from './browser.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';

let deployment: Deployment;
let browser: Browser;

beforeAll(async () => {
  [deployment, browser] = await Promise.all([startDeployment(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

async function failUntilLocked(page: Page, email: string): Promise<number> {
  await page.goto('/signin');
  const ready = page.locator('form[aria-busy="false"]', { has: page.getByLabel('Email address') });
  for (let attempt = 1; attempt <= 7; attempt += 1) {
    const answer = page.waitForResponse('**/api/v1/auth/login');
    await enter(page, { email, password: `Wrong-Horse-${attempt}` });
    if ((await answer).status() === 423) return attempt;
    await ready.waitFor();
  }
  throw new Error('never locked');
}

describe('after five failures', () => {
  it('sign-in is locked: the page says until when and what to do, the same for an address that nobody has', async () => {
    const pages: string[] = [];
    for (const email of [administrator.email, 'nobody@example.com']) {
      const page = await (await newVisitor(browser, deployment.url)).openTab();
      pages.push(`locked at attempt ${await failUntilLocked(page, email)}`);
      await page.getByRole('heading', { name: 'Sign-in is locked for a while' }).waitFor();
      expect(await page.getByRole('timer').textContent()).toMatch(/opens again at .+, in (30|29) minutes\./);
      pages.push(...(await page.getByRole('listitem').allTextContents()));
      await page.getByRole('link', { name: 'Back to sign-in' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    }
    expect(pages.slice(0, pages.length / 2)).toEqual(pages.slice(pages.length / 2));
    expect(pages[0]).toMatch(/attempt [56]$/);
  });

  it('by strangers, a browser that the owner has used before still gets in', async () => {
    const owner = await newVisitor(browser, deployment.url);
    // Locked for strangers by the test before, or by this one where it runs alone.
    const stranger = await (await newVisitor(browser, deployment.url)).openTab();
    await failUntilLocked(stranger, 'grace@example.com');

    const page = await owner.openTab('/register');
    await page.getByLabel('Your name').fill('Grace Hopper');
    await page.getByLabel('Organisation').fill('Example Ships');
    await page.getByLabel('Email address').fill('grace@example.com');
    await page.getByLabel('New password').fill('Anchor-Chain-9');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
    await page.goto(await deployment.mailedLink('grace@example.com'));
    await page.getByLabel('Password', { exact: true }).fill('Anchor-Chain-9');
    await page.getByRole('button', { name: 'Confirm and sign in' }).click();
    await page.getByRole('heading', { name: 'Hello, Grace Hopper' }).waitFor();
    await page.getByRole('button', { name: /Account menu/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();

    await failUntilLocked(await (await newVisitor(browser, deployment.url)).openTab(), 'grace@example.com');
    await signIn(page, { email: 'grace@example.com', password: 'Anchor-Chain-9' });
    expect(owner.faults()).toEqual([]);
  });
});
