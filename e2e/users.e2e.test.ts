import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enter, findBarriers, launchBrowser, newVisitor, signIn, type Visitor } from './browser.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { untilFocused } from './focus.ts';

let deployment: Deployment;
let browser: Browser;
let admin: Visitor;

beforeAll(async () => {
  [deployment, browser] = await Promise.all([startDeployment(), launchBrowser()]);
  admin = await newVisitor(browser, deployment.url, { viewport: { width: 1440, height: 900 } });
  await signIn(await admin.openTab());
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

async function openUsers(): Promise<Page> {
  const page = await admin.openTab('/users');
  await row(page, 'ada@example.com').waitFor();
  return page;
}

const row = (page: Page, email: string) => page.getByRole('row').filter({ hasText: email });
const cell = (page: Page, email: string, text: string) =>
  row(page, email).getByRole('cell', { name: text, exact: true });

async function addUser(page: Page, name: string, email: string, role?: string): Promise<void> {
  await page.getByRole('button', { name: 'Add user' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add user' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Email address').fill(email);
  if (role) await dialog.getByRole('checkbox', { name: role, exact: true }).check();
  await dialog.getByRole('button', { name: 'Add user' }).click();
  await row(page, email).waitFor();
}

async function setPassword(page: Page, email: string, password: string): Promise<void> {
  await page.goto(await deployment.mailedLink(email));
  await page.getByLabel('New password').fill(password);
  expect(page.url()).toBe(`${deployment.url}/set-password`);
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText('Your password is set. Sign in with it.').waitFor();
}

const act = async (page: Page, name: string, action: string): Promise<void> => {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: action }).click();
};

describe('an administrator', () => {
  it('adds a user, who sets a password by the mailed link and signs in, with the roles given and no more', async () => {
    const page = await openUsers();
    await addUser(page, 'Grace Hopper', 'grace@example.com', 'NOC operator');
    await cell(page, 'grace@example.com', 'Invited').waitFor();
    await cell(page, 'grace@example.com', 'NOC_OPERATOR').waitFor();

    const grace = await newVisitor(browser, deployment.url);
    const own = await grace.openTab();
    await setPassword(own, 'grace@example.com', 'Anchor-Chain-9');
    await enter(own, { email: 'grace@example.com', password: 'Anchor-Chain-9' });
    await own.getByRole('heading', { name: 'Hello, Grace Hopper' }).waitFor();
    expect(await own.getByRole('link', { name: 'Users' }).count()).toBe(0);
    await own.goto('/users');
    await own.getByRole('heading', { name: 'You may not see this' }).waitFor();
    expect([...admin.faults(), ...grace.faults()]).toEqual([]);
  });

  it('is told beside the field that an address is taken', async () => {
    const page = await openUsers();
    await page.getByRole('button', { name: 'Add user' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add user' });
    await dialog.getByLabel('Name').fill('Ada Again');
    await dialog.getByLabel('Email address').fill('ada@example.com');
    await dialog.getByRole('button', { name: 'Add user' }).click();
    await dialog.getByText('Somebody here has this address already.').waitFor();
    expect(await dialog.getByLabel('Email address').getAttribute('aria-invalid')).toBe('true');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await untilFocused(page.getByRole('button', { name: 'Add user' }));
  });

  it('suspends a user, whose session ends at once, and takes it back', async () => {
    const page = await openUsers();
    await addUser(page, 'Tony Hoare', 'tony@example.com');
    const own = await (await newVisitor(browser, deployment.url)).openTab();
    await setPassword(own, 'tony@example.com', 'Quick-Sort-62');
    await enter(own, { email: 'tony@example.com', password: 'Quick-Sort-62' });
    await own.getByRole('heading', { name: 'Hello, Tony Hoare' }).waitFor();

    await page.reload();
    await act(page, 'Tony Hoare', 'Suspend');
    await cell(page, 'tony@example.com', 'Suspended').waitFor();
    // What is told stays for as long as the pointer rests on it.
    await page.getByRole('button', { name: 'Undo' }).hover();
    await own.reload();
    await own.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await cell(page, 'tony@example.com', 'Active').waitFor();
    await enter(own, { email: 'tony@example.com', password: 'Quick-Sort-62' });
    await own.getByRole('heading', { name: 'Hello, Tony Hoare' }).waitFor();
    expect(admin.faults()).toEqual([]);
  });

  it('unlocks a user whom failed attempts have locked, and the user signs in at once', async () => {
    const page = await openUsers();
    await addUser(page, 'Barbara Liskov', 'barbara@example.com');
    const own = await (await newVisitor(browser, deployment.url)).openTab();
    await setPassword(own, 'barbara@example.com', 'Substitute-87');
    for (let attempt = 1; attempt <= 6 && new URL(own.url()).pathname === '/signin'; attempt += 1) {
      const answer = own.waitForResponse('**/api/v1/auth/login');
      await enter(own, { email: 'barbara@example.com', password: `Wrong-Horse-${attempt}` });
      await answer;
      await own.locator('form[aria-busy="false"], .advice').first().waitFor();
    }
    await own.getByRole('heading', { name: 'Sign-in is locked for a while' }).waitFor();

    await page.reload();
    await row(page, 'barbara@example.com').getByText('Locked').first().waitFor({ state: 'attached' });
    await act(page, 'Barbara Liskov', 'Unlock');
    await page.getByText('Barbara Liskov is unlocked.').waitFor();
    await own.getByRole('link', { name: 'Back to sign-in' }).click();
    await enter(own, { email: 'barbara@example.com', password: 'Substitute-87' });
    await own.getByRole('heading', { name: 'Hello, Barbara Liskov' }).waitFor();
    await expect.poll(() => row(page, 'barbara@example.com').getByText('Locked').count()).toBe(0);
  });

  it('changes roles, and finds it in the audit log with before and after', async () => {
    const page = await openUsers();
    await addUser(page, 'Radia Perlman', 'radia@example.com');
    await act(page, 'Radia Perlman', 'Edit roles…');
    const dialog = page.getByRole('dialog', { name: 'Roles of Radia Perlman' });
    await dialog.getByRole('checkbox', { name: 'NOC operator' }).check();
    await dialog.getByRole('button', { name: 'Save roles' }).click();
    await dialog.waitFor({ state: 'detached' });
    await cell(page, 'radia@example.com', 'NOC_OPERATOR').waitFor();
    await untilFocused(page.getByRole('button', { name: 'Actions for Radia Perlman' }));

    await page.goto('/audit?action=role_assigned');
    await page.getByRole('button', { name: 'Details: Role given' }).first().click();
    await page.getByRole('row', { name: /NOC_OPERATOR/ }).waitFor();
    await page.getByRole('link', { name: 'All of the same request' }).first().click();
    await expect.poll(() => page.url()).toMatch(/correlationId=[0-9a-f]{32}/);
  });

  it('searches, filters and deletes after a confirmation that names the consequence', async () => {
    const page = await openUsers();
    await addUser(page, 'Edsger Dijkstra', 'edsger@example.com');
    await page.getByRole('textbox', { name: 'Search by name or address' }).fill('edsger');
    await row(page, 'ada@example.com').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('search')).toBe('edsger');
    await act(page, 'Edsger Dijkstra', 'Delete…');
    const dialog = page.getByRole('dialog', { name: 'Delete Edsger Dijkstra?' });
    await dialog.getByText('This cannot be undone').waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Edsger Dijkstra is deleted.').waitFor();
    await page.getByText('Nobody found').waitFor();
    await untilFocused(page.getByRole('heading', { name: 'Users', level: 1 }));
    expect(admin.faults()).toEqual([]);
  });

  it('hands over what is held of a user, and erases the user once it is ticked that this is for good', async () => {
    const page = await openUsers();
    await addUser(page, 'Katherine Johnson', 'katherine@example.com');
    await act(page, 'Katherine Johnson', 'Export data…');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('It is on record that you exported it.').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    const saved = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    const document: unknown = JSON.parse(await readFile(await (await saved).path(), 'utf8'));
    expect(document).toMatchObject({
      format: 'gatehouse-personal-data',
      person: { email: 'katherine@example.com', name: 'Katherine Johnson' },
    });
    await dialog.waitFor({ state: 'detached' });

    await act(page, 'Katherine Johnson', 'Erase…');
    await dialog.getByText('Do this when katherine@example.com has asked for it.').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Erase for good' }).click();
    await dialog.getByText('Tick this to go on.').waitFor();
    await dialog.getByLabel('I know that this cannot be undone, by anybody.').check();
    await dialog.getByRole('button', { name: 'Erase for good' }).click();
    await page.getByText('The account is erased.').waitFor();
    await row(page, 'katherine@example.com').waitFor({ state: 'detached' });
    await untilFocused(page.getByRole('heading', { name: 'Users', level: 1 }));
    expect(admin.faults()).toEqual([]);
  });
});
