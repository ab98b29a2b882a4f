import { createBriefMemory } from '../../platform/brief-memory.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Doors } from '../../platform/database/index.ts';
import type { LogRow } from '../../platform/revocations/revocations.repo.ts';
import { type ApiKeyContext, loadApiKeyContext } from './api-keys.repo.ts';

/**
 * What keys stand for, as of half a second ago at most. Whoever revokes a key is answered when no process can remember it any more
 * (`untilForgotten`): from the next request on it is refused everywhere (spec M4).
 */
export interface ApiKeyContexts {
  get(hash: Buffer): Promise<ApiKeyContext | undefined>;
  forget(ended: readonly Pick<LogRow, 'kind'>[]): void;
}

export function createApiKeyContexts({ doors, clock }: { doors: Doors; clock: Clock }): ApiKeyContexts {
  const memory = createBriefMemory<ApiKeyContext>({ doors, clock, endOf: (context) => context.expires_at });
  return {
    get: (hash) => memory.get(hash.toString('base64'), (now) => loadApiKeyContext(doors, hash, now)),
    forget: memory.forget,
  };
}
