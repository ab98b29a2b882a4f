import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enter, findBarriers, launchBrowser, newVisitor, signIn } from './browser.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';

let deployment: Deployment;
let browser: Browser;

beforeAll(async () => {
  [deployment, browser] = await Promise.all([
    startDeployment({ GITHUB_CLIENT_ID: 'github-client', GITHUB_CLIENT_SECRET: 'github-secret' }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
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
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByText('The identity provider did not let you in.').waitFor();
    expect(asked[0]?.searchParams.get('code_challenge_method')).toBe('S256');
    expect(new URL(page.url()).searchParams.get('returnTo')).toBe('/users');
    expect(await findBarriers(page)).toEqual([]);
    await enter(page, administrator);
    await page.getByRole('heading', { name: 'Users' }).waitFor();
    expect(visitor.faults()).toEqual([]);
  });
});

describe('the page of sign-in providers', () => {
  it('connects one, shows what to register there, and says why it cannot be put in service', async () => {
    const visitor = await newVisitor(browser, deployment.url);
    const page = await visitor.openTab();
    await signIn(page);
    await page.getByRole('link', { name: 'Sign-in providers' }).click();
    await page.getByText('Made by the settings of the deployment.').waitFor();
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
    await page.getByRole('button', { name: 'Add a domain' }).click();
    await page.getByRole('dialog').getByLabel('Domain').fill('acme.example');
    await page.getByRole('dialog').getByRole('button', { name: 'Add a domain' }).click();
    await page.getByText('_gatehouse-challenge.acme.example').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(visitor.faults()).toEqual([]);
  });
});
