import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countCalls, expireAccess, launchBrowser, newVisitor, signIn } from './browser.ts';
import { type Deployment, startDeployment } from './deployment.ts';

let deployment: Deployment;
let browser: Browser;
const refresh = '/api/v1/auth/refresh';

beforeAll(async () => {
  [deployment, browser] = await Promise.all([startDeployment(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

/** Goes to the audit log and back by the navigation: several requests, without loading the page anew. */
async function lookAround(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Audit log' }).click();
  await page
    .getByRole('button', { name: /^Details/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Refresh' }).click();
}

describe('when the access token has expired', () => {
  it('the person goes on without noticing, and the session is renewed once for all requests of all tabs', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const tabs = [await visitor.openTab(), await visitor.openTab(), await visitor.openTab()];
    await signIn(tabs[0]!);
    for (const tab of tabs) {
      await tab.goto('/');
      await tab.getByRole('heading', { name: /^Hello/ }).waitFor();
    }
    const renewals = countCalls(visitor, refresh);
    await expireAccess(visitor);
    await Promise.all(tabs.map(lookAround));
    expect(renewals()).toBe(1);
    for (const tab of tabs) expect(new URL(tab.url()).pathname).toBe('/audit');

    await expireAccess(visitor);
    await Promise.all(tabs.map((tab) => tab.getByRole('link', { name: 'Home' }).click()));
    await Promise.all(tabs.map((tab) => tab.getByText('This one').waitFor()));
    expect(visitor.faults()).toEqual([]);
  });

  it('parallel changes are each made once, with the body they were sent with', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    const renewals = countCalls(visitor, refresh);
    const ends = countCalls(visitor, '/api/v1/sessions/end-others');
    await expireAccess(visitor);
    await page.getByRole('button', { name: 'End all others' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End all others' }).click();
    await page.getByText(/sessions? ended/).waitFor();
    expect(renewals()).toBe(1);
    // The first was refused for the token, the second was the repetition.
    expect(ends()).toBe(2);
  });

  it('a reload restores the session', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await expireAccess(visitor);
    await page.reload();
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('a busy server is waited for, and nobody is signed out by it', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await expireAccess(visitor);
    let refusals = 0;
    await visitor.context.route(`**${refresh}`, async (route) => {
      refusals += 1;
      if (refusals > 1) return route.continue();
      const problem = {
        type: 'about:blank',
        title: 'Busy',
        status: 503,
        code: 'service.unavailable',
        detail: '',
      };
      await route.fulfill({ status: 503, headers: { 'retry-after': '1' }, json: problem });
    });
    await page.getByRole('link', { name: 'Audit log' }).click();
    await page
      .getByRole('button', { name: /^Details/ })
      .first()
      .waitFor();
    expect(refusals).toBe(2);
    await visitor.context.unroute(`**${refresh}`);
  });

  it('a lost network is not a sign-out: the page says so and comes back by itself', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await visitor.context.route('**/api/v1/**', (route) => route.abort());
    await page.reload();
    await page.getByRole('heading', { name: 'The server cannot be reached' }).waitFor();
    await visitor.context.unroute('**/api/v1/**');
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });
});

describe('no script', () => {
  it('can read a token: not from cookies, not from storage', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    const readable = await page.evaluate(() =>
      JSON.stringify([
        document.cookie,
        Object.entries(localStorage),
        Object.entries(sessionStorage),
        location.href,
      ]),
    );
    const tokens = (await visitor.context.cookies())
      .map(({ value }) => value)
      .filter((value) => value.length > 20);
    expect(tokens.length).toBeGreaterThanOrEqual(2);
    for (const token of tokens) expect(readable).not.toContain(token);
    expect(await page.evaluate(() => document.cookie)).toBe('');
  });
});
