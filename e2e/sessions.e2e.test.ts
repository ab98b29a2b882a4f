import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, newVisitor, signIn } from './browser.ts';
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

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0';

describe('sessions', () => {
  it('are listed with their device, and one that is ended elsewhere stops working there at once', async () => {
    const here = await newVisitor(browser, deployment.url);
    const there = await newVisitor(browser, deployment.url, { userAgent: firefox });
    const [page, other] = [await here.openTab(), await there.openTab()];
    await signIn(other);
    await signIn(page);
    await page.getByText('Firefox on Windows').waitFor();
    const ended = page.waitForResponse((response) => response.request().method() === 'DELETE');
    await page.getByRole('button', { name: 'End the session: Firefox on Windows' }).click();
    expect((await ended).status()).toBe(204);
    await page.getByText('Firefox on Windows', { exact: true }).waitFor({ state: 'detached' });
    await page.getByText('Ended: Firefox on Windows').waitFor();

    await other.getByRole('link', { name: 'Audit log' }).click();
    await other.getByText('Your session has ended. Sign in again').waitFor();
    expect(new URL(other.url()).searchParams.get('returnTo')).toBe('/audit');
    expect([...here.faults(), ...there.faults()]).toEqual([]);
  });

  it('end in all tabs when the person signs out in one, and begin in all when they sign in in one', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const [first, second] = [await visitor.openTab(), await visitor.openTab()];
    await signIn(first);
    await second.goto('/audit');
    await second.getByRole('heading', { name: 'Audit log' }).waitFor();
    await first.getByRole('button', { name: /Account menu/ }).click();
    await first.getByRole('menuitem', { name: 'Sign out' }).click();
    for (const tab of [first, second])
      await tab.getByRole('heading', { name: 'You are signed out' }).waitFor();

    await second.goto('/signin');
    await second.getByLabel('Email address').waitFor();
    await signIn(first);
    await second.getByRole('heading', { name: /^Hello/ }).waitFor();
    expect(visitor.faults()).toEqual([]);
  });

  it('stay open, and look so, when signing out did not reach the server', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await visitor.context.route('**/api/v1/auth/logout', (route) => route.abort());
    await page.getByRole('button', { name: /Account menu/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByText('You are still signed in').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });
});
