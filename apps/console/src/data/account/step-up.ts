import type { BegunAtProvider } from '@gatehouse/contracts';
import { call } from '../api.ts';

/** Begins a proof by the identity provider that let one in; the browser goes there, and comes back to this page. */
export async function leaveForProvider(): Promise<void> {
  const returnTo = location.pathname + location.search;
  const path = '/api/v1/auth/step-up/connection';
  const { authorizationUrl } = await call<BegunAtProvider>('POST', path, { body: { returnTo } });
  location.assign(authorizationUrl);
}
