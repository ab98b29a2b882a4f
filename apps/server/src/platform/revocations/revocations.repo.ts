import type { TenantTx } from '../database/index.ts';

export type RevokedKind = 'session' | 'user' | 'principal' | 'tenant' | 'client';

/** Appends to the log that processes and SDKs follow by cursor: this subject's epoch has moved on. */
export async function insertRevocations(
  tx: TenantTx,
  kind: RevokedKind,
  subjects: readonly { id: string; epoch: number }[],
  now: Date,
): Promise<void> {
  if (subjects.length === 0) return;
  await tx
    .insertInto('revocations')
    .values(
      subjects.map(({ id, epoch }) => ({
        tenant_id: tx.tenantId,
        kind,
        subject_id: id,
        epoch,
        created_at: now,
      })),
    )
    .execute();
}
