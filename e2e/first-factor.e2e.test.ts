import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerThere, goToGoogle } from './at-the-provider.ts';
import { findBarriers, launchBrowser, newVisitor, signIn } from './browser.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { callApi } from './home-realm.ts';
import { type Providers, startProviders } from './openid-provider.ts';

let deployment: Deployment;
let browser: Browser;
let providers: Providers;

beforeAll(async () => {
  providers = await startProviders(['accounts.google.com']);
  const google = { clientId: 'google-client', clientSecret: 'google-secret' };
  [deployment, browser] = await Promise.all([
    startDeployment({
      GOOGLE_CLIENT_ID: google.clientId,
      GOOGLE_CLIENT_SECRET: google.clientSecret,
      REGISTRATION: 'tenant',
      ...providers.env,
    }),
    launchBrowser(...providers.flags),
  ]);
  const redirectUri = `${deployment.url}/api/v1/auth/google/callback`;
  providers.add({ issuer: 'https://accounts.google.com', redirectUri, ...google });
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
  await providers?.stop();
});

describe('a first factor of somebody who comes by a provider', () => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

  it('asks whoever has to set up a first factor, and has a session there, to sign in there once more, and goes on to it', async () => {
    const visitor = await newVisitor(browser, deployment.url, phone);
    const page = await visitor.openTab('/signin');
    await goToGoogle(page);
    await answerThere(page, 'lise@elsewhere.example');
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();
    const { tenant } = await callApi<{ tenant: { id: string } }>(page, 'GET', '/auth/me');
    const admin = await newVisitor(browser, deployment.url);
    const office = await admin.openTab();
    await signIn(office);
    const path = `/tenants/${tenant.id}/settings`;
    const { version } = await callApi<{ version: number }>(office, 'GET', path);
    await callApi(office, 'PATCH', path, { version, settings: { mfa: { policy: 'mandatory' } } });
    await visitor.context.clearCookies({ domain: 'localhost' });
    await page.goto('/signin?returnTo=/users');
    await goToGoogle(page);
    // Its session let her in before; now it asks.
    await page.waitForURL('https://accounts.google.com/**');
    await page.getByPlaceholder('Enter any login').fill('lise@elsewhere.example');
    await page.getByPlaceholder('and password').fill('a password of hers');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${deployment.url}/signin/enrol?returnTo=%2Fusers`);
    await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(visitor.faults()).toEqual([]);
  });
});
