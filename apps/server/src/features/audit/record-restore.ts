import { ROOT_TENANT } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';

/** That the database is an older one, put back: an auditor's later checkpoints show the same. */
export const recordRestore = (
  { doors, audit }: Pick<Deps, 'doors' | 'audit'>,
  copy: { id: string; createdAt: string; rows: number },
): Promise<void> =>
  doors.asSystem('record a restore', (tx) =>
    audit.recordAsSystem(tx, ROOT_TENANT, {
      action: 'database_restored',
      actor: { kind: 'system' },
      resource: { type: 'backup', id: copy.id },
      after: { copyOf: copy.createdAt, rows: copy.rows },
      request: undefined,
    }),
  );
