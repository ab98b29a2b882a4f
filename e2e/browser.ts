import { AxeBuilder } from '@axe-core/playwright';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { administrator } from './deployment.ts';

/** Debian's Chromium without a sandbox of its own (containers run as root) and without calls to anybody. */
export function launchBrowser(...more: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/** As small as a screen is today. */
export const PHONE = { viewport: { width: 360, height: 740 } } as const;

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface Visitor {
  readonly context: BrowserContext;
  readonly openTab: (path?: string) => Promise<Page>;
  /** Violations of the content security policy and uncaught errors in any tab, since the start. */
  readonly faults: () => readonly string[];
}

/** Somebody with a browser of their own: cookies, storage, settings. */
export async function newVisitor(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce', ...options });
  const faults: string[] = [];
  await context.exposeBinding('reportFault', (_source, fault: string) => faults.push(fault));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
      const { reportFault } = window as unknown as { reportFault: (fault: string) => void };
      reportFault(`${violatedDirective} blocked ${blockedURI} in ${sourceFile}`);
    });
  });
  context.on('weberror', (error) => faults.push(String(error.error())));
  return {
    context,
    faults: () => faults,
    openTab: async (path) => {
      const page = await context.newPage();
      if (path) await page.goto(path);
      return page;
    },
  };
}

/** Fills in the sign-in form and sends it. */
export async function enter(page: Page, { email, password }: Credentials): Promise<void> {
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Signs in on the sign-in page, as a person does, and waits for the home page. */
export async function signIn(page: Page, credentials: Credentials = administrator): Promise<void> {
  await page.goto('/signin');
  await enter(page, credentials);
  await page.getByRole('heading', { name: /^Hello/ }).waitFor();
}

/** The access token is gone, as after its fifteen minutes; the refresh cookie stays. */
export async function expireAccess({ context }: Visitor): Promise<void> {
  await context.clearCookies({ name: '__Host-gh.console.at' });
}

/** Counts the calls of a path by all tabs of a visitor. */
export function countCalls({ context }: Visitor, path: string): () => number {
  let count = 0;
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === path) count += 1;
  });
  return () => count;
}

/** What axe finds on a page, in light and in dark, in one line for each. */
export async function findBarriers(page: Page): Promise<string[]> {
  // axe's legacy mode needs no second page for its results, and does not look into frames of other origins: we have none.
  if (page.frames().length > 1) throw new Error(`${page.url()} has frames`);
  const axe = () => new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  await settle(page);
  const before = await schemeOf(page);
  const after = before === 'light' ? 'dark' : 'light';
  const found = await axe().analyze();
  await showScheme(page, after);
  // Nothing but colours is another now: these rules are what the first look asks about them.
  const inOther = await axe().withRules(['color-contrast', 'link-in-text-block']).analyze();
  await showScheme(page, before);
  return [...found.violations.map(asLine(before)), ...inOther.violations.map(asLine(after))];
}

/** What opens or closes is as it will stay: something half faded in is as faint as nothing may be. */
const settle = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    for (let still = 0; still < 3; ) {
      await new Promise<unknown>((next) => {
        requestAnimationFrame(next);
        // A tab that is not painted has no frames.
        setTimeout(next, 200);
      });
      const moving = document.getAnimations().filter((each) => each instanceof CSSTransition);
      // Brought to its end: one that stands still, as in what is not painted, would never come there.
      for (const each of moving) each.finish();
      still = moving.length === 0 ? still + 1 : 0;
    }
  });

type Scheme = 'light' | 'dark';
type Violation = Awaited<ReturnType<AxeBuilder['analyze']>>['violations'][number];

const asLine =
  (scheme: Scheme) =>
  ({ id, help, nodes }: Violation): string =>
    `${id}, ${scheme}: ${help} (${nodes.map(({ target }) => String(target)).join(', ')})`;

const schemeOf = (page: Page): Promise<Scheme> =>
  page.evaluate(() => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));

/** As when the system changes at dusk: the page is not loaded again. Resolves when its colours have arrived. */
export async function showScheme(page: Page, scheme: Scheme): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForFunction((wanted) => {
    const set = document.documentElement.dataset.mantineColorScheme ?? wanted;
    return set === wanted && matchMedia(`(prefers-color-scheme: ${wanted})`).matches;
  }, scheme);
  await settle(page);
}
