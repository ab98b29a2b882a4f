import type { Answer, TestBrowser } from './browser.fixture.ts';
import type { World } from './connections.fixture.ts';
import { FACTORS, ME } from './second-factor.fixture.ts';

export const BY_CONNECTION = '/api/v1/auth/step-up/connection';

/** Whether what asks for a recent proof is done: true, or the code of the refusal. */
export async function isRecent(browser: TestBrowser): Promise<unknown> {
  const { status, body } = await browser.post(`${FACTORS}/totp`);
  return status === 200 ? true : body.code;
}

export const sessionOf = async (browser: TestBrowser) =>
  (await browser.get(ME)).body.session as { id: string; authTime: string | null; expiresAt: string };

/** Begins a step-up by the provider; resolves to where the browser is sent. */
export async function beginStepUp(browser: TestBrowser, returnTo = '/settings'): Promise<URL> {
  const begun = await browser.post(BY_CONNECTION, { returnTo });
  if (begun.status !== 200) throw new Error(begun.text);
  return new URL(String(begun.body.authorizationUrl));
}

/** The whole way to an OpenID provider and back; resolves to the page that the browser lands on, or to the code of a problem. */
export async function stepUpBy(world: World, browser: TestBrowser): Promise<unknown> {
  const back = await world.providers.authorize((await beginStepUp(browser)).href);
  return landed(world, await browser.get(`${back.pathname}${back.search}`, { accept: 'text/html' }));
}

export const landed = ({ gatehouse }: World, { status, headers, body }: Answer): unknown =>
  status === 303 ? String(headers.location).replace(gatehouse.config.publicUrl, '') : body.code;
