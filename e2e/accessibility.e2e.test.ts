import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enter, findBarriers, launchBrowser, newVisitor, signIn } from './browser.ts';
import { type Deployment, startDeployment } from './deployment.ts';

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

const signInPages: [string, (page: Page) => Promise<void>][] = [
  ['/signin', (page) => page.getByRole('heading', { name: 'Sign in' }).waitFor()],
  [
    '/signin',
    async (page) => {
      await enter(page, { email: 'nobody@example.com', password: 'Wrong-Horse-7' });
      await page.locator('.failure').waitFor();
    },
  ],
  [
    '/register',
    async (page) => {
      await page.getByLabel('New password').fill('anchor');
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.locator('.error').first().waitFor();
    },
  ],
  [
    '/signin',
    async (page) => {
      const name = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
      const branding = { name, primaryColor: '#0a5c8f', logo: null, companyUrl: null };
      const connections = [{ id: 'one', kind: 'oidc', name, signInPath: '/' }];
      const options = '**/api/v1/auth/options';
      await page.route(options, async (route) => {
        const answer = (await (await route.fetch()).json()) as object;
        await route.fulfill({ json: { ...answer, branding, connections } });
      });
      await page.reload();
      await page.getByRole('link', { name: `Continue with ${name}` }).waitFor();
      await page.unroute(options);
    },
  ],
  ['/nothing/here', (page) => page.getByText('There is nothing at this address').waitFor()],
  ['/register/confirm#token=spent', (page) => page.getByLabel('Password', { exact: true }).waitFor()],
  ['/set-password#token=spent', (page) => page.getByLabel('New password').waitFor()],
  ['/set-password', (page) => page.getByText('This link is not complete').waitFor()],
  ['/forgot-password', (page) => page.getByLabel('Email address').waitFor()],
  [
    '/forgot-password',
    async (page) => {
      await page.getByLabel('Email address').fill('nobody@example.com');
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByText('Look into your mail').waitFor();
    },
  ],
  ['/reset-password#token=spent', (page) => page.getByLabel('New password').waitFor()],
  ['/reset-password', (page) => page.getByText('This link is not complete').waitFor()],
  [
    '/verify-email#token=spent-long-ago-and-gone',
    async (page) => {
      await page.getByRole('button', { name: 'Confirm the address' }).click();
      await page.locator('.failure').waitFor();
    },
  ],
  [
    '/confirm-email#token=spent',
    (page) => page.getByRole('button', { name: 'Confirm the address' }).waitFor(),
  ],
  ['/invitation', (page) => page.getByText('This link is not complete').waitFor()],
  [
    '/invitation#token=spent-long-ago-and-gone',
    (page) => page.getByText('This link has been used').waitFor(),
  ],
  ['/setup#token=spent', (page) => page.getByLabel('Your name').waitFor()],
  ['/locked', (page) => page.getByText('What you can do').waitFor()],
  ['/signed-out', (page) => page.getByText('You are signed out').waitFor()],
  ['/reference', (page) => page.getByText('/api/v1/auth/login').waitFor()],
];

const consolePages: [string, (page: Page) => Promise<void>][] = [
  ['/', (page) => page.getByText('This one').waitFor()],
  [
    '/',
    async (page) => {
      await page.getByRole('button', { name: /Account menu/ }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    },
  ],
  [
    '/',
    async (page) => {
      await page.getByRole('button', { name: 'Change password…' }).click();
      await page.getByRole('dialog').getByLabel('New password').fill('weak');
      await page.getByRole('dialog').getByRole('button', { name: 'Change password' }).click();
      await page.getByText('The password is missing.').waitFor();
    },
  ],
  [
    '/',
    async (page) => {
      await page.getByRole('button', { name: 'Change address…' }).click();
      await page.getByRole('dialog').getByLabel('New address').waitFor();
    },
  ],
  ['/users', (page) => page.getByText('ada@example.com').first().waitFor()],
  [
    '/users',
    async (page) => {
      await page.getByRole('button', { name: 'Add user' }).click();
      await page.getByRole('checkbox').first().waitFor();
    },
  ],
  [
    '/users',
    async (page) => {
      await page
        .getByRole('button', { name: /^Actions for/ })
        .first()
        .click();
      await page.getByRole('menuitem', { name: 'Edit roles…' }).click();
      await page.getByRole('checkbox').first().waitFor();
    },
  ],
  ['/customers', (page) => page.getByText('No organisations yet').waitFor()],
  [
    '/customers',
    async (page) => {
      await page.getByRole('button', { name: 'Open an organisation' }).first().click();
      await page.getByRole('dialog').getByLabel('Name').waitFor();
    },
  ],
  ['/invitations', (page) => page.getByText('No open invitations').waitFor()],
  [
    '/invitations',
    async (page) => {
      await page.getByRole('button', { name: 'Invite somebody' }).first().click();
      await page.getByRole('checkbox').first().waitFor();
    },
  ],
  ['/users?search=nobody-has-this-name', (page) => page.getByText('Nobody found').waitFor()],
  [
    '/audit',
    async (page) => {
      await page
        .getByRole('button', { name: /^Details/ })
        .first()
        .click();
      await page.getByText('All of the same request').waitFor();
      await page.getByText('Canonical form').click();
    },
  ],
  [
    '/audit',
    async (page) => {
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      await page.getByRole('menuitem', { name: /^JSON Lines/ }).waitFor();
    },
  ],
  [
    '/audit',
    async (page) => {
      await page.getByRole('switch', { name: 'Live' }).check();
      await page.getByText('Following', { exact: true }).waitFor();
    },
  ],
  ['/settings', (page) => page.getByText('No logo yet').waitFor()],
  [
    '/settings',
    async (page) => {
      await page.getByLabel('Colour', { exact: true }).fill('#ffcc00');
      await page.getByText('Black letters, contrast').waitFor();
      await page.getByLabel('Language').fill('no language');
      await page.getByRole('region', { name: 'Region' }).getByRole('button', { name: 'Save' }).click();
      await page.getByText('Write a language tag').waitFor();
    },
  ],
  ['/audit?action=tenant_deleted', (page) => page.getByText('Nothing found').waitFor()],
  [
    '/reference',
    async (page) => {
      await page.getByText('/api/v1/auth/login').click();
      await page.getByText('Correct-Horse-7').first().waitFor();
    },
  ],
  ['/sessions', (page) => page.getByText('This one').waitFor()],
];

const screens = [
  { screen: 'wide', viewport: { width: 1440, height: 900 } },
  { screen: 'narrow', viewport: { width: 360, height: 740 } },
];

// Some forty pages each: on a busy machine the two minutes of a test are not theirs.
describe.each(screens)('on a $screen screen, light and dark', { timeout: 300_000 }, ({ viewport }) => {
  async function check(page: Page, path: string, arrive: (page: Page) => Promise<void>): Promise<void> {
    await page.goto('about:blank');
    await page.goto(path);
    await arrive(page);
    expect(await findBarriers(page), path).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, `${path} is wider than the screen`).toBeLessThanOrEqual(0);
  }

  it('axe finds nothing on the pages for everyone', async () => {
    const visitor = await newVisitor(browser, deployment.url, { viewport });
    const page = await visitor.openTab();
    for (const [path, arrive] of signInPages) await check(page, path, arrive);
    expect(visitor.faults()).toEqual([]);
  });

  it('axe finds nothing on the pages of the console', async () => {
    const visitor = await newVisitor(browser, deployment.url, { viewport });
    const page = await visitor.openTab();
    await signIn(page);
    for (const [path, arrive] of consolePages) await check(page, path, arrive);
    expect(visitor.faults()).toEqual([]);
  });
});

it('a colour that is too faint in one scheme only is found', async () => {
  const page = await (await newVisitor(browser, deployment.url)).openTab();
  for (const scheme of ['light', 'dark']) {
    await page.setContent(`<!doctype html><html lang="en"><head><title>Faint</title>
      <style>body { color: #000; background: #fff; }
      @media (prefers-color-scheme: ${scheme}) { p { color: #eee; } }</style></head>
      <body><main><h1>Faint</h1><p>Nobody can read this.</p></main></body></html>`);
    expect(await findBarriers(page)).toEqual([
      expect.stringMatching(new RegExp(`^color-contrast, ${scheme}: .*\\(p\\)$`)),
    ]);
  }
});
