import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBarriers, launchBrowser, newVisitor, PHONE, signIn, type Visitor } from './browser.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { pressOn, takeFocus } from './focus.ts';
import { callApi } from './home-realm.ts';
import { invite } from './invite.ts';

let deployment: Deployment;
let browser: Browser;
let admin: Visitor;

beforeAll(async () => {
  [deployment, browser] = await Promise.all([startDeployment({ REGISTRATION: 'tenant' }), launchBrowser()]);
  admin = await newVisitor(browser, deployment.url, { viewport: { width: 1440, height: 900 } });
  await signIn(await admin.openTab());
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

/** Opens an organisation of one's own, as anybody does. */
async function register(name: string, email: string, organisation: string): Promise<Visitor> {
  const visitor = await newVisitor(browser, deployment.url);
  const page = await visitor.openTab('/register');
  const password = 'Steady-Horse-7';
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Organisation').fill(organisation);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('New password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('Look into your mail').waitFor();
  await page.goto(await deployment.mailedLink(email));
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Confirm and sign in' }).click();
  await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor();
  await page.close();
  return visitor;
}

const fact = (page: Page) => page.locator('.facts').first();

describe('a guest', () => {
  let grace: Visitor;
  let page: Page;

  it('accepts an invitation, and switches by keyboard in all tabs', async () => {
    grace = await register('Grace Hopper', 'grace@example.com', 'Navy Yard');
    const link = await invite(deployment, await admin.openTab(), 'grace@example.com', 'Support agent');

    page = await grace.openTab(link);
    await page.getByText('Platform invites grace@example.com to work there.').waitFor();
    expect(page.url()).toBe(`${deployment.url}/invitation`);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.getByRole('heading', { name: 'Welcome to Platform' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('link', { name: 'Later' }).click();
    await fact(page).getByText('Navy Yard').waitFor();

    const second = await grace.openTab('/users');
    await second.getByText('grace@example.com').first().waitFor();
    const trigger = page.getByRole('button', { name: /Switch organisation/ });
    await pressOn(trigger);
    const items = page.getByRole('menuitemradio');
    await items.first().waitFor();
    expect(await page.getByRole('menuitemradio', { checked: true }).innerText()).toContain('Navy Yard');
    expect(await findBarriers(page)).toEqual([]);
    await pressOn(page.getByRole('menuitemradio', { name: 'Platform' }));
    await fact(page).getByText('Platform').waitFor();
    await fact(page).getByText('SUPPORT_AGENT').waitFor();

    // The other tab follows, and shows nothing of the organisation before.
    await second.getByText('ada@example.com').first().waitFor();
    expect(await second.getByText('grace@example.com').count()).toBe(0);

    await page.getByRole('button', { name: /^Go there.*Navy Yard/ }).click();
    await fact(page).getByText('Navy Yard').waitFor();

    expect(grace.faults()).toEqual([]);
  });

  it('leaves for good, from there: one is home, and still signed in', async () => {
    await page.getByRole('button', { name: /^Go there.*Platform/ }).click();
    await fact(page).getByText('Platform').waitFor();
    await page.getByRole('button', { name: /^Leave….*Platform/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Leave Platform?' });
    await dialog.getByText('You go to the home of your account.').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Leave', exact: true }).click();
    await page.getByText('You have left Platform.').waitFor();
    await fact(page).getByText('Navy Yard').waitFor();
    await page.getByRole('button', { name: /^(Go there|Leave…).*Platform/ }).waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: /^Leave….*Navy Yard/ }).count()).toBe(0);
    expect(grace.faults()).toEqual([]);
  });
});

describe('somebody with an account', () => {
  it('is asked to sign in, and is told when the link is for somebody else, or spent', async () => {
    await register('Tony Hoare', 'tony@example.com', 'Elliott');
    const link = await invite(deployment, await admin.openTab(), 'tony@example.com', 'NOC operator');

    const other = await admin.openTab(link);
    await other.getByRole('heading', { name: 'This invitation is for another address' }).waitFor();
    expect(await findBarriers(other)).toEqual([]);
    await other.close();

    const fresh = await newVisitor(browser, deployment.url);
    const page = await fresh.openTab(link);
    await page.getByLabel('Password', { exact: true }).fill('Steady-Horse-7');
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Sign in and accept' }).click();
    await page.getByRole('button', { name: 'Go to Platform' }).click();
    await fact(page).getByText('NOC_OPERATOR').waitFor();

    const late = await fresh.openTab(link);
    await late.getByText('This link has been used').waitFor();
    expect(await findBarriers(late)).toEqual([]);
    expect(fresh.faults()).toEqual([]);
  });
});

describe('somebody without an account', () => {
  it('makes one by the link, on a phone and by keyboard, and works in the organisation that invited', async () => {
    const inviting = await admin.openTab();
    const link = await invite(deployment, inviting, 'barbara@example.com', 'Support agent');
    const me = await callApi<{ tenant: { id: string } }>(inviting, 'GET', '/auth/me');
    const at = `/tenants/${me.tenant.id}/settings`;
    const { version } = await callApi<{ version: number }>(inviting, 'GET', at);
    await callApi(inviting, 'PATCH', at, { version, settings: { password: { minLength: 11 } } });
    const visitor = await newVisitor(browser, deployment.url, PHONE);
    const page = await visitor.openTab(link);
    await pressOn(page.getByRole('button', { name: 'Make one' }));
    await takeFocus(page.getByLabel('Your name'));
    await page.keyboard.type('Barbara Liskov');
    await page.keyboard.press('Tab');
    // The rules are those of the organisation that invites.
    await page.getByText('at least 11 characters').first().waitFor();
    await page.keyboard.type('Type-Safe-74');
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Hello, Barbara Liskov' }).waitFor();
    await fact(page).getByText('SUPPORT_AGENT').waitFor();
    expect(visitor.faults()).toEqual([]);
  });
});

describe('a partner', () => {
  it('opens a customer, goes in, adds its people, leaves, suspends it and lets it in again', async () => {
    const platform = await admin.openTab('/customers');
    await platform.getByRole('button', { name: 'Open an organisation' }).first().click();
    const opening = platform.getByRole('dialog', { name: 'Open an organisation' });
    await opening.getByLabel('Name').fill('Reseller');
    await opening.getByText('Partner', { exact: true }).click();
    await opening.getByRole('button', { name: 'Open an organisation' }).click();
    await platform.getByRole('row').filter({ hasText: 'Reseller' }).waitFor();
    await platform.getByRole('button', { name: 'Actions for Reseller' }).click();
    await platform.getByRole('menuitem', { name: 'Go in' }).click();
    await platform.getByText('You act in Reseller for Platform.').waitFor();
    const link = await invite(deployment, platform, 'boss@example.com', 'Administrator');
    await platform.getByRole('button', { name: 'Leave' }).click();

    const boss = await newVisitor(browser, deployment.url);
    const page = await boss.openTab(link);
    await page.getByRole('button', { name: 'Make one' }).click();
    await page.getByLabel('Your name').fill('Bea Boss');
    await page.getByLabel('New password').fill('Part-Ner-74');
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByRole('link', { name: 'Customers' }).click();
    await page.getByText('No customers yet').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Open a customer' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Open a customer' });
    await dialog.getByLabel('Name').fill('Corner Shop');
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Open a customer' }).click();
    const row = page.getByRole('row').filter({ hasText: 'Corner Shop' });
    await row.waitFor();
    expect(await findBarriers(page)).toEqual([]);

    await page.getByRole('button', { name: 'Actions for Corner Shop' }).click();
    await page.getByRole('menuitem', { name: 'Go in' }).click();
    await page.getByText('You act in Corner Shop for Reseller.').waitFor();
    await page.getByRole('heading', { name: 'Users' }).waitFor();
    expect(await page.getByText('boss@example.com').count()).toBe(0);
    await page.reload();
    await page.getByText('You act in Corner Shop for Reseller.').waitFor();
    await page.getByRole('button', { name: 'Add user' }).first().click();
    const adding = page.getByRole('dialog', { name: 'Add user' });
    await adding.getByLabel('Name').fill('Cora Shop');
    await adding.getByLabel('Email address').fill('cora@example.com');
    await adding.getByRole('button', { name: 'Add user' }).click();
    await page.getByText('cora@example.com').first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Leave' }).click();

    await page.getByRole('button', { name: 'Actions for Corner Shop' }).click();
    await page.getByRole('menuitem', { name: 'Suspend…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await row.getByRole('cell', { name: 'Suspended' }).waitFor();
    await page.getByRole('button', { name: 'Actions for Corner Shop' }).click();
    await page.getByRole('menuitem', { name: 'Let in again' }).click();
    await row.getByRole('cell', { name: 'Active' }).waitFor();
    await page.goto('/users');
    await page.getByText('boss@example.com').first().waitFor();
    expect([...boss.faults(), ...admin.faults()]).toEqual([]);
  });
});
