import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBarriers, launchBrowser, newVisitor, signIn, type Visitor } from './browser.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { pressOn, untilFocused } from './focus.ts';

const program = fileURLToPath(new URL('../apps/server/dist/main.js', import.meta.url));
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

/** The list, once the sealer has been there. */
async function openSealed(): Promise<Page> {
  const page = await admin.openTab('/audit');
  await page.getByRole('heading', { name: 'Audit log' }).waitFor();
  await expect
    .poll(
      async () => {
        await page.getByRole('button', { name: 'Refresh' }).click();
        await page.getByRole('cell', { name: 'Verified', exact: true }).first().waitFor();
        return page.getByRole('cell', { name: 'Pending', exact: true }).count();
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBe(0);
  return page;
}

describe('the audit log', () => {
  it('says of each record whether it is what was sealed, and opens it with its proof, by keyboard alone', async () => {
    const page = await openSealed();
    const opener = page.getByRole('button', { name: 'Details: Signed in' }).first();
    await pressOn(opener);
    const drawer = page.getByRole('dialog', { name: 'Signed in' });
    await drawer.getByRole('heading', { name: 'Proof' }).waitFor();
    await drawer.getByText('Verified', { exact: true }).waitFor();
    expect(await drawer.getByText('Following', { exact: true }).count()).toBe(0);
    await pressOn(drawer.getByText('Canonical form, which is hashed'));
    expect(await drawer.getByLabel('Canonical form, which is hashed').innerText()).toContain(
      '"action":"login"',
    );
    await drawer.getByText('Signed checkpoint').click();
    expect(await drawer.getByLabel('Signed checkpoint').innerText()).toMatch(
      /^localhost:\d+\/audit\/[0-9a-f-]{36}\n\d+\n/,
    );
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    await untilFocused(opener);
  });

  it('leads from a record to all on the same thing', async () => {
    const page = await openSealed();
    await page
      .getByRole('button', { name: /^Details: Signing key made/ })
      .first()
      .click();
    await page.getByRole('link', { name: 'All on the same thing' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('resourceId')).toBeTruthy();
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
  });

  it('shows what happens while it is followed, without a click', async () => {
    const page = await openSealed();
    await page.getByRole('switch', { name: 'Live' }).check();
    await page.getByText('Following', { exact: true }).waitFor();
    const before = await page.getByRole('button', { name: 'Details: Sign-in refused' }).count();
    await fetch(`${deployment.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: deployment.url },
      body: JSON.stringify({ email: 'nobody@example.com', password: 'Wrong-Horse-7' }),
    });
    await expect
      .poll(() => page.getByRole('button', { name: 'Details: Sign-in refused' }).count())
      .toBe(before + 1);
    await page.getByRole('switch', { name: 'Live' }).uncheck();
    await page.getByText('Following', { exact: true }).waitFor({ state: 'detached' });
  });

  it.each(['JSON Lines', 'CSV'])('exports as %s a file that verifies without the server', async (format) => {
    const page = await openSealed();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: new RegExp(`^${format}`) }).click(),
    ]);
    const file = join(tmpdir(), `gatehouse-${process.pid}-${download.suggestedFilename()}`);
    await download.saveAs(file);
    const keys = join(tmpdir(), `gatehouse-${process.pid}-keys.json`);
    await writeFile(
      keys,
      await (await fetch(`${deployment.url}/.well-known/gatehouse-audit-keys.json`)).text(),
    );
    const { status, stdout } = spawnSync(
      process.execPath,
      [program, 'audit', 'verify', file, '--key', keys],
      {
        encoding: 'utf8',
      },
    );
    expect(stdout).toMatch(/^OK: \d+ records/m);
    expect(status).toBe(0);
    expect(await readFile(file, 'utf8')).toContain('ada@example.com');
  });

  it('has no fault and no violation of the content policy on the way', () => {
    expect(admin.faults()).toEqual([]);
  });

  it('is kept for good until an administrator says otherwise, and never for less than the deployment allows', async () => {
    const page = await openSealed();
    const openRetention = async () => {
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      await page.getByRole('menuitem', { name: /^Retention…/ }).click();
    };
    await openRetention();
    const dialog = page.getByRole('dialog', { name: 'How long records are kept' });
    await dialog.getByText('Records are kept for good. None was ever removed.').waitFor();
    await dialog.getByLabel('Keep records for good').uncheck();
    await dialog.getByLabel('Days').fill('30');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('A whole number of days, 365 at least.').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByLabel('Days').fill('400');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The retention is set.').waitFor();
    await page.getByRole('cell', { name: 'Retention changed', exact: true }).waitFor();
    await openRetention();
    await dialog.getByText('Records are kept for 400 days.').waitFor();
  });
});
