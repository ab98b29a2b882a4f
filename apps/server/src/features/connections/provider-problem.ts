import { HttpError } from '../../platform/http-client/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { ConnectionRow } from './connections.repo.ts';
import { ProviderFault } from './providers/provider.ts';

/** Whoever came by a provider that does not say when people prove who they are cannot do by it what asks for a recent proof. */
export const notProvedAnew = ({ name }: Pick<ConnectionRow, 'name'>) =>
  new Problem('auth.not_proved_anew', {
    detail: `${name} does not say that you have just proved who you are. If your account can be entered by a password or by mail as well, sign in that way and add a passkey or an authenticator app, which does from then on. An account that only a provider of your organisation enters is sent no such mail: ask its administrator to have the provider say when people sign in, or, where it cannot, to demand second factors, which are then set up at sign-in.`,
  });

/** What whoever signs in is told of a provider that failed; what exactly was wrong is in the log and in a test run. */
export function asProblemOf(error: unknown): unknown {
  if (error instanceof ProviderFault && error.kind === 'refused')
    return new Problem('auth.provider_refused', {
      detail: 'Try again, or ask the administrator of your organisation.',
      cause: error,
    });
  if (error instanceof ProviderFault || error instanceof HttpError)
    return new Problem('auth.provider_failed', {
      detail: 'Try again; if it goes on, tell the administrator of your organisation.',
      cause: error,
    });
  return error;
}
