import { createGatehouse, ProblemError, readProblem } from '@gatehouse/browser';
import type { SignInOptions } from '@gatehouse/contracts';
import { query, shownFor } from './address.ts';

export const gatehouse = createGatehouse({ client: 'console', tokenMode: 'cookie' });

/** Posts to an entry that needs no session. @throws ProblemError, or TypeError when the network is lost */
export async function post(path: string, body: Record<string, string>): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    credentials: 'same-origin',
  });
  if (!response.ok) throw await readProblem(response);
  return response.status === 204 ? undefined : response.json();
}

/** The same with the session. @throws ProblemError, or TypeError when the network is lost */
export async function postSignedIn<Answer>(path: string, body: Record<string, string>): Promise<Answer> {
  const response = await gatehouse.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await readProblem(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

/** What these pages may offer, and for whom; `null` when the server cannot say at the moment. */
export async function loadOptions(token: string | null): Promise<SignInOptions | null> {
  const response = await fetch(`/api/v1/auth/options${shownFor(query(), token)}`).catch(() => null);
  return response?.ok ? ((await response.json()) as SignInOptions) : null;
}

/** How people of a domain sign in. */
export interface HomeRealm {
  readonly connection: { readonly id: string; readonly name: string } | null;
  readonly takesPasswords: boolean;
}

/** Asks about the domain alone: who it is that signs in stays here. @throws ProblemError, or TypeError when the network is lost */
export async function findHomeRealm(domain: string): Promise<HomeRealm> {
  const { methods, connection } = (await post('/api/v1/auth/check-method', {
    email: `anybody@${domain}`,
  })) as { methods: string[]; connection: HomeRealm['connection'] };
  return { connection, takesPasswords: methods.includes('password') };
}

export { ProblemError };
