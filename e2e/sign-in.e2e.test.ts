import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enter, launchBrowser, newVisitor } from './browser.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';
import { pressOn, untilFocused } from './focus.ts';

let deployment: Deployment;
let browser: Browser;
/** A name that leads to this machine and that browsers do not take for it. */
const plainHost = 'gatehouse.test';

beforeAll(async () => {
  [deployment, browser] = await Promise.all([
    startDeployment(),
    launchBrowser(`--host-resolver-rules=MAP ${plainHost} 127.0.0.1`),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

describe('signing in', () => {
  it('leads from any page to the form and back to that page', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab('/audit?action=login');
    await enter(page, administrator);
    await page.getByRole('heading', { name: 'Audit log' }).waitFor();
    expect(new URL(page.url()).search).toBe('?action=login');
    expect(visitor.faults()).toEqual([]);
  });

  it('works with the keyboard alone, from the form to the end of the session', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab('/signin');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await untilFocused(page.getByLabel('Email address'));
    await page.keyboard.type(administrator.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(administrator.password);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'Show the password',
    );
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByLabel('Password', { exact: true }).getAttribute('type')).toBe('text');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();

    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await pressOn(page.getByRole('button', { name: /Account menu/ }));
    await pressOn(page.getByRole('menuitem', { name: 'Sign out' }));
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  });

  it('says that the address or the password is wrong, puts the focus there, and keeps the address', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab('/signin');
    await enter(page, { email: 'nobody@example.com', password: 'Wrong-Horse-7' });
    const alert = page.getByRole('alert').getByText('The address or the password is not right.');
    await alert.waitFor();
    await untilFocused(page.locator('.failure'));
    expect(await page.getByLabel('Email address').inputValue()).toBe('nobody@example.com');
  });

  it('ties what is missing to its field, by name, and sends nothing', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab('/signin');
    await page.getByLabel('Password', { exact: true }).fill('x');
    await pressOn(page.getByLabel('Password', { exact: true }));
    const email = page.getByLabel('Email address');
    await untilFocused(email);
    expect(await email.getAttribute('aria-invalid')).toBe('true');
    const described = await email.getAttribute('aria-describedby');
    expect(await page.locator(`#${described}`).textContent()).toBe('Email address is missing.');
  });

  it('counts a wait down in words while the server is busy, and opens the form again after it', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab('/signin');
    const problem = { type: 'about:blank', title: 'Busy', status: 503, code: 'auth.busy', detail: '' };
    await page.route('**/api/v1/auth/login', (route) =>
      route.fulfill({ status: 503, headers: { 'retry-after': '3' }, json: problem }),
    );
    await enter(page, administrator);
    await page.getByText('Many people are signing in at this moment.').waitFor();
    expect(await page.locator('[role="timer"]').textContent()).toMatch(/try again in [123] seconds?\./);
    const button = page.getByRole('button', { name: 'Sign in', exact: true });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await page.unroute('**/api/v1/auth/login');
    await page.locator('[role="timer"]').waitFor({ state: 'detached' });
    await button.click();
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();
  });

  it('is told to be impossible where the browser would drop the session, with what to do', async () => {
    const visitor = await newVisitor(browser, deployment.url.replace('localhost', plainHost));
    const page = await visitor.openTab('/signin');
    await page.getByRole('heading', { name: 'Signing in cannot work at this address' }).waitFor();
    expect(await page.getByText('http://localhost:').textContent()).toBe(deployment.url);
    expect(await page.getByLabel('Password').count()).toBe(0);
  });
});

describe('the address to return to', () => {
  it.each(['//evil.example', '/\\evil.example', 'https://evil.example/', '/.//evil.example'])(
    'never leads to another origin (%s)',
    async (returnTo) => {
      const visitor = await newVisitor(browser, deployment.url);
      const page = await visitor.openTab(`/signin?returnTo=${encodeURIComponent(returnTo)}`);
      await enter(page, administrator);
      await page.waitForURL((url) => url.pathname !== '/signin');
      expect(new URL(page.url()).origin).toBe(deployment.url);
    },
  );
});
