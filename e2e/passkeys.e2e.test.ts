import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  enter,
  findBarriers,
  launchBrowser,
  newVisitor,
  PHONE,
  showScheme,
  signIn,
  type Visitor,
} from './browser.ts';
import { administrator, type Deployment, startDeployment } from './deployment.ts';
import { pressOn, takeFocus, untilFocused } from './focus.ts';
import { invite } from './invite.ts';

let deployment: Deployment;
let browser: Browser;
beforeAll(async () => {
  [deployment, browser] = await Promise.all([
    startDeployment({ GATEHOUSE_NAME: 'Example Cloud' }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await deployment?.stop();
});

/** A device with a fingerprint reader that always knows its owner, in this tab; answers what it holds. */
async function addAuthenticator(page: Page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
}

/** A browser that offers no passkeys where one types: the button is left. */
const withoutOffers = ({ context }: Visitor) =>
  context.addInitScript(() => {
    // An empty page has none.
    if (!('PublicKeyCredential' in window)) return;
    Object.defineProperty(PublicKeyCredential, 'isConditionalMediationAvailable', {
      value: () => Promise.resolve(false),
    });
  });

/** RFC 6238, from the secret that the page shows. */
function codeOf(secret: string, steps = 0): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replaceAll(/\s/g, '')]
    .map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** By keyboard: whatever has the focus afterwards was reached without a mouse. */
async function press(page: Page, role: 'button' | 'link' | 'menuitem', name: string | RegExp): Promise<void> {
  await pressOn(page.getByRole(role, { name, ...(typeof name === 'string' && { exact: true }) }).first());
}
async function signOut(page: Page): Promise<void> {
  await press(page, 'button', /Account menu/);
  await press(page, 'menuitem', 'Sign out');
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
}
const section = (page: Page) => page.getByRole('region', { name: 'Passkeys and second factors' });
const home = (page: Page) => page.getByRole('heading', { name: /^Hello/ }).waitFor();

/** Axe finds nothing, nothing is wider than the screen; with PICTURES a folder gets what there was to see. */
async function look(page: Page, name: string): Promise<void> {
  expect(await findBarriers(page), name).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${name} is wider than the screen`).toBeLessThanOrEqual(0);
  const folder = process.env.PICTURES;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  const width = page.viewportSize()?.width;
  for (const colorScheme of ['light', 'dark'] as const) {
    await showScheme(page, colorScheme);
    await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png` });
  }
  await showScheme(page, 'light');
}

/** Changes what the tenant demands, on the page of the settings. */
async function demand(
  page: Page,
  { isMandatory, days }: { isMandatory?: true; days: string },
): Promise<void> {
  await page.goto('/settings');
  const rules = page.getByRole('region', { name: 'Second factors' });
  if (isMandatory) {
    await pressOn(rules.getByLabel('Second factor', { exact: true }));
    const mandatory = page.getByRole('option', { name: 'Mandatory' });
    await mandatory.waitFor();
    // Whether the present one is marked yet when the list has opened is a matter of moments.
    while ((await mandatory.getAttribute('data-combobox-selected')) === null)
      await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await rules.getByText('Whoever has none sets one up at the next sign-in.').waitFor();
  }
  await rules.getByLabel('Days a browser is remembered').fill(days);
  await rules.scrollIntoViewIfNeeded();
  await look(page, isMandatory ? 'settings-mandatory' : 'settings');
  await pressOn(rules.getByRole('button', { name: 'Save' }));
  // Whoever demands a factor and has none is out at once.
  await page
    .getByText('The settings are saved.')
    .or(page.getByRole('heading', { name: 'Sign in' }))
    .first()
    .waitFor();
}

describe.each([
  { width: 1440, height: 900 },
  { width: 360, height: 740 },
])('a person with a passkey, by keyboard, $width wide', (viewport) => {
  it('adds it, signs in by it alone and after a password, proves once more who they are, and removes it', async () => {
    const visitor = await newVisitor(browser, deployment.url, { viewport });
    const page = await visitor.openTab();
    await signIn(page);
    await demand(page, { days: String(viewport.width % 300) });
    await page.goto('/');
    const credentials = await addAuthenticator(page);
    await press(page, 'button', 'Add a passkey…');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name of the passkey').waitFor();
    await look(page, 'add-passkey');
    await dialog.getByLabel('Name of the passkey').fill('Test bench');
    await pressOn(dialog.getByLabel('Name of the passkey'));
    await dialog.getByRole('heading', { name: 'Keep your backup codes' }).waitFor();
    const codes = await dialog.locator('.codes code').allTextContents();
    expect(codes).toHaveLength(10);
    await look(page, 'backup-codes');
    await press(page, 'button', 'I have kept them');
    await section(page).getByRole('heading', { name: 'Test bench' }).waitFor();
    await press(page, 'button', 'Rename: Test bench');
    await dialog.getByLabel('Name').fill('Old bench');
    await pressOn(dialog.getByLabel('Name'));
    await section(page).getByRole('heading', { name: 'Old bench' }).waitFor();
    await section(page).scrollIntoViewIfNeeded();
    await look(page, 'factors');

    // Offered where the address is typed, and taken without a word.
    await signOut(page);
    await page.goto('/signin');
    await home(page);
    await signOut(page);

    // As second factor, after the password.
    await withoutOffers(visitor);
    await page.goto('/signin');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
    expect(await page.getByLabel('Email address').getAttribute('autocomplete')).toBe('username webauthn');
    await look(page, 'sign-in');
    await enter(page, administrator);
    await page.getByRole('heading', { name: 'One more step' }).waitFor();
    await look(page, 'second-step');
    await press(page, 'button', 'Use a backup code');
    await page.getByLabel('Backup code').waitFor();
    await look(page, 'second-step-code');
    await press(page, 'button', 'Use a passkey');
    await page.getByLabel(/^Do not ask again/).check();
    await press(page, 'button', 'Use a passkey');
    await home(page);

    // By the button.
    await signOut(page);
    await page.goto('/signin');
    expect(await credentials()).toMatchObject([{ isResidentCredential: true, rpId: 'localhost' }]);
    await press(page, 'button', 'Sign in with a passkey');
    await home(page);
    await signOut(page);

    // Remembered here, the password alone is enough to come in, and not to take the passkey away.
    await page.goto('/signin');
    await enter(page, administrator);
    await home(page);
    await press(page, 'button', 'Remove: Old bench');
    await press(page, 'button', 'Remove');
    const asked = page.getByRole('dialog', { name: 'Is it you?' });
    await asked.getByRole('button', { name: 'Use a passkey' }).waitFor();
    await look(page, 'step-up');
    await press(page, 'button', 'Use a backup code');
    const backup = asked.getByLabel('Backup code');
    await expect.poll(() => backup.evaluate((field) => field === document.activeElement)).toBe(true);
    await backup.fill('AAAAA-AAAAA');
    await page.keyboard.press('Enter');
    await asked.getByRole('alert').waitFor();
    await look(page, 'step-up-code');
    await pressOn(asked.getByRole('button', { name: 'Use a passkey' }));
    await asked.getByText('Before this is done, use a passkey of your account.').waitFor();
    await press(page, 'button', 'Use a passkey');
    await section(page).getByRole('heading', { name: 'Old bench' }).waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('factors');

    // The device still has it; here it opens nothing any more, and the page says so.
    await signOut(page);
    await page.goto('/signin');
    await press(page, 'button', 'Sign in with a passkey');
    await page.getByText('This passkey opens no account here.').waitFor();
    await look(page, 'refused');
    expect(visitor.faults()).toEqual([]);
  });
});

describe('somebody who is invited', () => {
  it('makes a passkey in place of a password, by keyboard, is in with the role, and enters by it alone from then on', async () => {
    const admin = await newVisitor(browser, deployment.url);
    const inviting = await admin.openTab();
    await signIn(inviting);
    const link = await invite(deployment, inviting, 'barbara@elsewhere.example', 'Support agent');
    const visitor = await newVisitor(browser, deployment.url, PHONE);
    await withoutOffers(visitor);
    const page = await visitor.openTab();
    const held = await addAuthenticator(page);
    await page.goto(link);
    await press(page, 'button', 'Make one');
    await press(page, 'button', 'Take a passkey instead of a password');
    await press(page, 'button', 'Create a passkey and the account');
    await page.getByText('Your name is missing.').waitFor();
    expect(await held()).toHaveLength(0);
    await look(page, 'invited');
    await takeFocus(page.getByLabel('Your name'));
    await page.keyboard.type('Barbara Liskov');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Keep your backup codes' }).waitFor();
    expect(await held()).toHaveLength(1);
    expect(await page.locator('.codes li').count()).toBe(10);
    await untilFocused(page.getByRole('heading', { level: 1 }));
    await press(page, 'button', 'I have kept them');
    await page.locator('.facts').first().getByText('SUPPORT_AGENT').waitFor();
    await visitor.context.clearCookies();
    await page.goto('/signin');
    await press(page, 'button', 'Sign in with a passkey');
    await page.getByText('barbara@elsewhere.example').first().waitFor();
    expect(visitor.faults()).toEqual([]);
  });
});

describe('somebody whose organisation demands a second factor', () => {
  it('sets up a passkey or an app before anything else, and is asked for the app at the next sign-in', async () => {
    const visitor = await newVisitor(browser, deployment.url, PHONE);
    await withoutOffers(visitor);
    const page = await visitor.openTab();
    await signIn(page);
    await demand(page, { isMandatory: true, days: '0' });
    await visitor.context.clearCookies();

    await page.goto('/signin');
    await enter(page, administrator);
    await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
    await page.getByRole('button', { name: 'Create a passkey' }).waitFor();
    await look(page, 'enrol-passkey');
    await press(page, 'button', 'Use an authenticator app instead');
    const secret = await page.locator('.secret code').textContent();
    await look(page, 'enrol-app');
    await page.getByLabel('Code', { exact: true }).fill('000000');
    await pressOn(page.getByLabel('Code', { exact: true }));
    await page.locator('.error').waitFor();
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret ?? ''));
    await pressOn(page.getByLabel('Code', { exact: true }));
    await page.getByRole('heading', { name: 'Keep your backup codes' }).waitFor();
    await look(page, 'enrol-codes');
    await press(page, 'button', 'I have kept them');
    await home(page);

    await signOut(page);
    await page.goto('/signin');
    await enter(page, administrator);
    await page.getByLabel('Code', { exact: true }).waitFor();
    await look(page, 'second-step-app');
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret ?? '', 1));
    await pressOn(page.getByLabel('Code', { exact: true }));
    await home(page);

    // A passkey in place of it: added beside, then the app removed.
    await addAuthenticator(page);
    await press(page, 'button', 'Add a passkey…');
    await page.getByLabel('Name of the passkey').fill('Phone');
    await pressOn(page.getByLabel('Name of the passkey'));
    await page.getByText('Your passkey is added.').waitFor();
    await press(page, 'button', 'Remove: Authenticator app');
    await press(page, 'button', 'Remove');
    await page.getByText('Removed: Authenticator app').waitFor();
    await visitor.context.clearCookies();
    await page.goto('/signin');
    await enter(page, administrator);
    await press(page, 'button', 'Use a passkey');
    await home(page);
    expect(visitor.faults()).toEqual([]);
  });
});
