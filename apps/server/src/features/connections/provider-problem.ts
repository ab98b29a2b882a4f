import { HttpError } from '../../platform/http-client/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ProviderFault } from './providers/provider.ts';

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
