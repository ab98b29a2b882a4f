import type { Page } from 'playwright-core';
import type { Providers } from './openid-provider.ts';

/** Asks the API as whoever is signed in on the page. */
export async function callApi<Answer>(
  page: Page,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const answer = await page.evaluate(
    async ([how, where, what]) => {
      const me = await fetch('/api/v1/auth/me');
      const response = await fetch(`/api/v1${where}`, {
        method: how,
        headers: {
          'content-type': 'application/json',
          'x-csrf-token': me.headers.get('x-csrf-token') ?? '',
        },
        ...(what !== undefined && { body: what }),
      });
      return { ok: response.ok, text: await response.text() };
    },
    [method, path, body && JSON.stringify(body)] as const,
  );
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.text}`);
  return JSON.parse(answer.text || 'null') as Answer;
}

/** A customer with a provider of its own in service, to which the people of its domain are sent; answers its path in the API. */
export async function addCustomer(
  page: Page,
  providers: Providers,
  { name, issuer, domain }: { name: string; issuer: string; domain: string },
): Promise<string> {
  const tenant = await callApi<{ id: string }>(page, 'POST', '/tenants', {
    type: 'customer',
    name,
    slug: name.toLowerCase(),
  });
  const at = `/tenants/${tenant.id}`;
  const client = { clientId: 'gatehouse', clientSecret: 'a-secret-of-the-provider' };
  const connection = await callApi<{ id: string; redirectUri: string }>(page, 'POST', `${at}/connections`, {
    kind: 'oidc',
    name,
    issuer,
    ...client,
  });
  providers.add({ issuer, redirectUri: connection.redirectUri, ...client });
  await callApi(page, 'POST', `${at}/connections/${connection.id}/enable`);
  const added = await callApi<{ id: string; record: { name: string; value: string } }>(
    page,
    'POST',
    `${at}/domains`,
    { domain, connectionId: connection.id },
  );
  await providers.publish(added.record.name, added.record.value);
  await callApi(page, 'POST', `${at}/domains/${added.id}/verify`);
  return at;
}
