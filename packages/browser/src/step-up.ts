import type { StepUpNeed } from './messages.ts';

/** What an answer asks for before the same request can succeed (RFC 9470 §3); undefined for every other answer. */
export async function readStepUp(response: Response): Promise<StepUpNeed | undefined> {
  if (response.status !== 401) return undefined;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  if ((body as { code?: unknown } | null)?.code !== 'auth.insufficient_user_authentication') return undefined;
  const challenge = response.headers.get('www-authenticate') ?? '';
  const value = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const maxAge = value('max_age');
  return { acrValues: value('acr_values'), maxAge: maxAge === undefined ? undefined : Number(maxAge) };
}
