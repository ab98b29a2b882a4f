import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enter, findBarriers, launchBrowser, newVisitor, PHONE, signIn } from './browser.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';
import { pressOn } from './focus.ts';

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

  it('stand beside what happened to the account, where one changes one’s name, too', async () => {
    const visitor = await newVisitor(browser, deployment.url, PHONE);
    const page = await visitor.openTab('/signin');
    await enter(page, { email: administrator.email, password: 'Wrong-Horse-9' });
    await page.getByText('The address or the password is not right').waitFor();
    await signIn(page);
    await page.locator('.activity li').nth(1).waitFor();
    const [latest, before] = await page.locator('.activity li').allTextContents();
    expect([latest, before]).toEqual([
      expect.stringMatching(/^Signed in.*127\.0\.0\.1 · Chrome, Linux$/),
      expect.stringMatching(
        /^Sign-in refused.*by somebody who was not signed in.*127\.0\.0\.1 · Chrome, Linux$/,
      ),
    ]);

    await pressOn(page.getByRole('button', { name: 'Change name…' }));
    const name = page.getByRole('dialog').getByLabel('Name');
    await name.fill(' ');
    await pressOn(name);
    await page.getByText('The name is missing.').waitFor();
    await name.fill('Augusta Ada King');
    await pressOn(name);
    await page.getByRole('heading', { name: 'Hello, Augusta Ada King' }).waitFor();
    await page.locator('.activity li').first().getByText('User changed').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(visitor.faults()).toEqual([]);
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
