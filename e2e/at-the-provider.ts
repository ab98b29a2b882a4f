import type { BrowserContext, Page } from 'playwright-core';
import { forge, readRequest, type SamlProvider } from '../apps/server/test/saml-provider.fixture.ts';
import { pressOn, untilFocused } from './focus.ts';

/** To the provider by the button of the sign-in page, without a mouse. */
export async function goToGoogle(page: Page): Promise<void> {
  await pressOn(page.getByRole('link', { name: 'Continue with Google' }));
}
/** Signs in at an OpenID provider, and agrees or not: with the keys alone. */
export async function answerThere(page: Page, login: string, agrees = true): Promise<void> {
  await untilFocused(page.getByPlaceholder('Enter any login'));
  await page.keyboard.type(login);
  await page.keyboard.press('Tab');
  await page.keyboard.type('a password of theirs');
  await page.keyboard.press('Enter');
  if (agrees) await pressOn(page.getByRole('button', { name: 'Continue' }));
  else await pressOn(page.getByRole('link', { name: 'Cancel' }));
}

/** The provider: it has the browser post that this is somebody, with or without what names the request. */
export async function answerAsked(
  context: BrowserContext,
  idp: SamlProvider,
  namesRequest: () => boolean,
  address = () => 'somebody@elsewhere.example',
  minutesAgo = () => 0,
): Promise<void> {
  await context.route('https://idp.example/**', async (route) => {
    const request = await readRequest(route.request().url());
    const provedAt = new Date(Date.now() - minutesAgo() * 60_000).toISOString();
    const edit = (text: string) => text.replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${provedAt}"`);
    const xml = forge(idp, request, { nameId: 'n1', email: address(), groups: ['noc'] }, { edit });
    const form: Record<string, string> = { SAMLResponse: Buffer.from(xml).toString('base64') };
    if (namesRequest()) form.RelayState = request.query.RelayState ?? '';
    const inputs = Object.entries(form).map(([name, value]) => `<input name="${name}" value="${value}">`);
    await route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${request.assertionConsumerServiceURL}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`,
    });
  });
}
