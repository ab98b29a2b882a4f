// Takes the pictures of the README anew: `node e2e/pictures.ts`, after `npm run build`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launchBrowser, newVisitor, signIn } from './browser.ts';
import { startDeployment } from './deployment.ts';

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url));
const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1';
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0';

const [deployment, browser] = await Promise.all([
  startDeployment({ GATEHOUSE_NAME: 'Example Cloud' }),
  launchBrowser(),
]);
try {
  await mkdir(folder, { recursive: true });
  for (const userAgent of [phone, firefox])
    await signIn(await (await newVisitor(browser, deployment.url, { userAgent })).openTab());

  const visitor = await newVisitor(browser, deployment.url, { viewport: { width: 1280, height: 720 } });
  const page = await visitor.openTab('/signin');
  await page.getByRole('link', { name: 'Create an account' }).waitFor();
  await page.screenshot({ path: `${folder}sign-in.png` });

  await signIn(page);
  await page.goto('/users');
  await page.getByRole('button', { name: /^Actions for/ }).click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Ada Lovelace');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.goto('/');
  await page.getByText('Safari on iPhone').waitFor();
  await page.screenshot({ path: `${folder}home.png` });

  await page.goto('/settings');
  await page.locator('input[type=file]').setInputFiles({
    name: 'logo.svg',
    mimeType: 'image/svg+xml',
    buffer: Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="160"><rect width="480" height="160" rx="28" fill="#0a5c8f"/>' +
        '<path d="M60 110 L130 40 L200 110 Z" fill="#fff"/><circle cx="330" cy="80" r="44" fill="#ffcc00"/></svg>',
    ),
  });
  await page.getByAltText('The logo as it is shown').waitFor();
  await page.getByLabel('Colour', { exact: true }).fill('#0a5c8f');
  await page.getByText('White letters, contrast').waitFor();
  await page.getByText('The logo is set.').waitFor({ state: 'detached' });
  await page.screenshot({ path: `${folder}settings.png` });
} finally {
  await browser.close();
  await deployment.stop();
}
