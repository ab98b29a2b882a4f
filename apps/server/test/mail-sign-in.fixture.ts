import type { TenantId } from '../src/platform/ids.ts';
import type { TestBrowser } from './browser.fixture.ts';
import { addTenant } from './people.fixture.ts';
import { addOwner, mailedTo } from './recovery.fixture.ts';
import { type TestServer, tokenIn } from './server.fixture.ts';

export const ASK = '/api/v1/auth/mail-sign-in';
export const OPEN_LINK = `${ASK}/open`;
export const BY_LINK = `${ASK}/link`;
export const BY_CODE = `${ASK}/code`;

/** Settings of a tenant as somebody has set them, past the route and its step-up. */
export async function setRules(
  gatehouse: TestServer,
  tenantId: TenantId,
  settings: Record<string, Record<string, unknown>>,
): Promise<void> {
  await gatehouse.sql(
    'update gatehouse.tenants set settings = settings || $2::jsonb, settings_version = settings_version + 1 where id = $1',
    [tenantId, JSON.stringify(settings)],
  );
  gatehouse.server.deps.tenantRules.forget([{ kind: 'settings', tenant_id: tenantId }]);
}

/** Somebody of a tenant that lets its people in by both kinds of mail. */
export async function addMailPerson(
  gatehouse: TestServer,
  signIn: Record<string, unknown> = {},
  email?: string,
) {
  const tenantId = await addTenant(gatehouse);
  await setRules(gatehouse, tenantId, { signIn: { mailLink: true, mailCode: true, ...signIn } });
  return addOwner(gatehouse, { tenantId, ...(email !== undefined && { email }) });
}

/** A browser that asked for a link, and the token of it. */
export async function askedForLink(gatehouse: TestServer, email: string, browser: TestBrowser) {
  const answer = await browser.post(ASK, { email, method: 'link' });
  if (answer.status !== 202) throw new Error(answer.text);
  return tokenIn((await mailedTo(gatehouse, email)).at(-1));
}

/** The same for a code. */
export async function askedForCode(gatehouse: TestServer, email: string, browser: TestBrowser) {
  const answer = await browser.post(ASK, { email, method: 'code' });
  if (answer.status !== 202) throw new Error(answer.text);
  const text = (await mailedTo(gatehouse, email)).at(-1)?.text ?? '';
  return (/^(\d{4}) (\d{4})$/m.exec(text) ?? []).slice(1).join('');
}

/** A code of the right form that is another one. */
export const otherCode = (code: string): string => (code.startsWith('1') ? '2' : '1') + code.slice(1);
