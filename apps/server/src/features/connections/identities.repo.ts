import type { Doors, TenantTx } from '../../platform/database/index.ts';
import { newId, type TenantId, type UserId } from '../../platform/ids.ts';
import { type ConnectionRow, refusedIfGone } from './connections.repo.ts';
import type { ProvedIdentity } from './providers/provider.ts';

/** Whom a provider means: its own word for the person, under the connection that it spoke to. Never an address (threats 1 to 4). */
export interface IdentityKey {
  connectionId: string;
  connectionTenantId: TenantId;
  issuer: string;
  subject: string;
}

export const keyOf = ({
  row,
  identity,
}: {
  row: Pick<ConnectionRow, 'id' | 'tenant_id'>;
  identity: Pick<ProvedIdentity, 'issuer' | 'subject'>;
}): IdentityKey => ({
  connectionId: row.id,
  connectionTenantId: row.tenant_id,
  issuer: identity.issuer,
  subject: identity.subject,
});

/** The one look-up, before the tenant of the user is known (docs/security/rls-exceptions.md). */
export async function findIdentity(
  doors: Doors,
  { connectionId, issuer, subject }: IdentityKey,
): Promise<{ tenantId: TenantId; userId: UserId } | undefined> {
  const [row] = await doors.call<{ tenantId: TenantId; userId: UserId }>(
    'select tenant_id as "tenantId", user_id as "userId" from gatehouse.find_external_identity($1, $2, $3)',
    [connectionId, issuer, subject],
  );
  return row;
}

/** Who let an identity enter an account: its owner, who was signed in, or a connection, unasked. */
export type LinkedBy = 'owner' | 'connection';

/** Whether the identity enters this user at this moment, and who said so. */
export async function loadLink(
  tx: TenantTx,
  key: IdentityKey,
  userId: UserId,
): Promise<{ linkedBy: LinkedBy } | undefined> {
  const row = await tx
    .selectFrom('external_identities')
    .select('linked_by')
    .where('tenant_id', '=', tx.tenantId)
    .where('connection_id', '=', key.connectionId)
    .where('issuer', '=', key.issuer)
    .where('subject', '=', key.subject)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row && { linkedBy: row.linked_by as LinkedBy };
}

/** What a connection linked is from now on linked by its owner. False when the identity does not enter this user, or does so already. */
export async function confirmLink(tx: TenantTx, key: IdentityKey, userId: UserId): Promise<boolean> {
  const updated = await tx
    .updateTable('external_identities')
    .set({ linked_by: 'owner' })
    .where('tenant_id', '=', tx.tenantId)
    .where('connection_id', '=', key.connectionId)
    .where('issuer', '=', key.issuer)
    .where('subject', '=', key.subject)
    .where('user_id', '=', userId)
    .where('linked_by', '=', 'connection')
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/**
 * False when it enters somebody already: of two who ask at once the database lets one have it.
 *
 * @throws {Problem} `resource.not_found` where the connection was deleted at this moment
 */
export async function insertIdentity(
  tx: TenantTx,
  key: IdentityKey,
  userId: UserId,
  linkedBy: LinkedBy,
  now: Date,
): Promise<boolean> {
  const inserted = await refusedIfGone(
    tx
      .insertInto('external_identities')
      .values({
        tenant_id: tx.tenantId,
        id: newId(),
        connection_id: key.connectionId,
        connection_tenant_id: key.connectionTenantId,
        issuer: key.issuer,
        subject: key.subject,
        user_id: userId,
        linked_by: linkedBy,
        created_at: now,
      })
      .onConflict((oc) => oc.doNothing())
      .executeTakeFirst(),
  );
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** The identities of a user; a connection of the platform lies in the root tenant, and its name is not read here. */
export const listIdentities = (tx: TenantTx, userId: UserId) =>
  tx
    .selectFrom('external_identities as e')
    .leftJoin('connections as c', (join) =>
      join.onRef('c.tenant_id', '=', 'e.connection_tenant_id').onRef('c.id', '=', 'e.connection_id'),
    )
    .select(['e.id', 'e.connection_id', 'e.created_at', 'c.name', 'c.kind', 'c.status'])
    .where('e.tenant_id', '=', tx.tenantId)
    .where('e.user_id', '=', userId)
    .orderBy('e.created_at')
    .execute();

export async function deleteIdentity(tx: TenantTx, userId: UserId, id: string): Promise<void> {
  await tx
    .deleteFrom('external_identities')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .execute();
}
