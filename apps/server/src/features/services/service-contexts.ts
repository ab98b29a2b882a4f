import { createBriefMemory } from '../../platform/brief-memory.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Doors } from '../../platform/database/index.ts';
import type { LogRow } from '../../platform/revocations/revocations.repo.ts';
import { loadServiceContext, type ServiceContext } from './services.repo.ts';

/** What services stand for, as of half a second ago at most. */
export interface ServiceContexts {
  get(clientId: string): Promise<ServiceContext | undefined>;
  forget(ended: readonly Pick<LogRow, 'kind'>[]): void;
}

export function createServiceContexts({ doors, clock }: { doors: Doors; clock: Clock }): ServiceContexts {
  const memory = createBriefMemory<ServiceContext>({ doors, clock });
  return {
    get: (clientId) => memory.get(clientId, (now) => loadServiceContext(doors, clientId, now)),
    forget: memory.forget,
  };
}
