import type { Page } from 'playwright-core';
import type { Deployment } from './deployment.ts';

/** Invites somebody on the page, and answers the mailed link. */
export async function invite(
  deployment: Deployment,
  page: Page,
  email: string,
  role: string,
): Promise<string> {
  await page.goto('/invitations');
  await page.getByRole('button', { name: 'Invite somebody' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('Email address').fill(email);
  await dialog.getByRole('checkbox', { name: role, exact: true }).check();
  await dialog.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByRole('heading', { name: email }).waitFor();
  return deployment.mailedLink(email, '/invitation');
}
