import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBarriers, launchBrowser, newVisitor, signIn, type Visitor } from './browser.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { takeFocus } from './focus.ts';

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

async function openSettings(): Promise<Page> {
  const page = await admin.openTab('/settings');
  await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Branding' }).waitFor();
  return page;
}
const section = (page: Page, name: string) => page.getByRole('region', { name });
const save = async (page: Page, name: string) => {
  await section(page, name).getByRole('button', { name: 'Save' }).click();
  await page.getByText('The settings are saved.').first().waitFor();
};
/** A drawing that would call home, were it more than pixels in the end. */
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="300" onload="fetch('/api/v1/auth/me')">
  <script>fetch('/api/v1/auth/me')</script><rect width="1200" height="300" rx="40" fill="#0a5c8f"/>
  <circle cx="150" cy="150" r="90" fill="#ffcc00"/></svg>`;

describe('an administrator', () => {
  it('gives the tenant a logo and a colour, which the sign-in page wears from then on', async () => {
    const page = await openSettings();
    await page.getByText('No logo yet').waitFor();
    await page.locator('input[type=file]').setInputFiles({
      name: 'logo.svg',
      mimeType: 'image/svg+xml',
      buffer: Buffer.from(svg),
    });
    const logo = page.getByAltText('The logo as it is shown');
    await logo.waitFor();
    // As large as it is needed, and no larger.
    expect(await logo.getAttribute('width')).toBe('640');
    await page.getByLabel('Colour', { exact: true }).fill('#FFCC00');
    await page.getByText('Black letters, contrast').waitFor();
    await page.getByText('On light pages the button is hard to find.').waitFor();
    await page.getByLabel('Colour', { exact: true }).fill('#0A5C8F');
    await page.getByText('White letters, contrast').waitFor();
    await page.getByLabel('Address of the company').fill('https://Example.COM/about');
    await save(page, 'Branding');

    for (const colorScheme of ['light', 'dark'] as const) {
      const visitor = await newVisitor(browser, deployment.url, { colorScheme });
      const signInPage = await visitor.openTab('/signin');
      const shown = signInPage.getByRole('link', { name: 'Platform' }).getByRole('img');
      await shown.waitFor();
      const width = shown.evaluate((image: HTMLImageElement) =>
        image.decode().then(() => image.naturalWidth),
      );
      expect(await width).toBe(640);
      expect(await signInPage.getByRole('link', { name: 'Platform' }).getAttribute('href')).toBe(
        'https://example.com/about',
      );
      const button = signInPage.getByRole('button', { name: 'Sign in', exact: true });
      const colours = () =>
        button.evaluate((element) => {
          const { color, backgroundColor } = getComputedStyle(element);
          return [color, backgroundColor];
        });
      await expect.poll(colours).toEqual(['rgb(255, 255, 255)', 'rgb(10, 92, 143)']);
      expect(await findBarriers(signInPage)).toEqual([]);
      expect(visitor.faults()).toEqual([]);
    }
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No logo yet').waitFor();
    expect(admin.faults()).toEqual([]);
  });

  it('is told beside the field what cannot be, and nothing is sent', async () => {
    const page = await openSettings();
    await page.getByLabel('Colour', { exact: true }).fill('blue');
    await section(page, 'Branding').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Write it like #1b6b5f.').waitFor();
    await page.getByLabel('Networks to sign in from').fill('everywhere');
    await page.getByLabel('Characters of a password, at least').fill('3');
    await section(page, 'Passwords, sessions and sign-in').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Write addresses such as 203.0.113.7').waitFor();
    await page.getByText('A whole number from 8 to 64.').waitFor();
    const first = page.getByLabel('Characters of a password, at least');
    expect(await first.evaluate((field) => field === document.activeElement)).toBe(true);
    await page.locator('input[type=file]').setInputFiles({
      name: 'logo.png',
      mimeType: 'image/png',
      buffer: Buffer.from('<html>no picture</html>'),
    });
    await page.getByText('logo.png is no picture that this browser can show.').waitFor();
    await page.reload();
    expect(await page.getByLabel('Networks to sign in from').inputValue()).toBe('');
  });

  it('sets rules by the keyboard alone, which hold for the own password at once', async () => {
    const page = await openSettings();
    const length = page.getByLabel('Characters of a password, at least');
    await takeFocus(length);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('14');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByText('The settings are saved.').first().waitFor();

    await page.goto('/');
    await page.getByRole('button', { name: 'Change password…' }).click();
    await page.getByText('At least 14 characters').waitFor();
    await page.getByRole('dialog').getByLabel('New password').fill('Correct-Horse');
    await page.getByRole('dialog').getByRole('button', { name: 'Change password' }).click();
    const fault = page.getByText('Still needed: at least 14 characters, a digit.');
    await fault.waitFor();
    expect(await fault.isVisible()).toBe(true);
  });

  it('cannot shut out everybody who has no provider of the organisation, and is warned of it beside the field', async () => {
    const page = await openSettings();
    const warning = page.getByText('None of your own providers is in service');
    const policy = page.getByRole('combobox', { name: 'Ways to sign in' });
    await takeFocus(policy);
    await expect.poll(() => policy.inputValue()).toBe('Everything that is set up');
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: 'Only your own providers' }).click();
    await warning.waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await section(page, 'Passwords, sessions and sign-in')
      .getByRole('button', { name: 'Save' })
      .press('Enter');
    await page.getByText('sign in by one of them first').waitFor();
    await page.reload();
    await expect.poll(() => policy.inputValue()).toBe('Everything that is set up');
    expect(await warning.isVisible()).toBe(false);
  });

  it('is told when somebody else has changed the settings, and shown what they are now', async () => {
    const [one, two] = [await openSettings(), await openSettings()];
    await two.getByLabel('Language').fill('de-CH');
    await save(two, 'Region');
    await one.getByLabel('Language').fill('fr');
    await section(one, 'Region').getByRole('button', { name: 'Save' }).click();
    await one.getByText('Somebody else has changed the settings meanwhile.').waitFor();
    await one.getByRole('button', { name: 'Show them as they are now' }).click();
    await one.getByText('Swiss High German').waitFor();
    expect(await one.getByLabel('Language').inputValue()).toBe('de-CH');
  });

  it('sees what the plan grants', async () => {
    const page = await openSettings();
    const plan = section(page, 'Plan');
    await plan.getByText('1, without a limit').waitFor();
    expect(await plan.getByRole('listitem').allTextContents()).toEqual([
      'Billing: on',
      'Support: on',
      'Provisioning: on',
    ]);
  });
});
