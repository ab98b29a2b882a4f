import type { Doors } from '../../platform/database/index.ts';
import type { PrincipalId, TenantId } from '../../platform/ids.ts';
import type { SubjectType } from '@gatehouse/decisions';

/** What a subject stands for in a tenant at this moment. */
export interface SubjectContext {
  principal_id: PrincipalId;
  /** Whose roles count: the subject's own principal, or the owner of the key. */
  owner_id: PrincipalId;
  /** Of an API key. */
  scopes: string[] | null;
  role_names: string[];
  tenant_permissions: string[];
}

/** One function call; nothing of a subject that does not stand there. */
export async function loadSubjectContext(
  doors: Doors,
  tenantId: TenantId,
  type: SubjectType,
  id: string,
  now: Date,
): Promise<SubjectContext | undefined> {
  const [row] = await doors.call<SubjectContext & Record<string, unknown>>(
    'select * from gatehouse.subject_context($1, $2, $3, $4)',
    [tenantId, type, id, now],
  );
  return row;
}
