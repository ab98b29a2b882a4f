import type { Invitation } from '@gatehouse/contracts';
import type { listInvitations } from './invitations.repo.ts';

/** An invitation as the API shows it. Whether the address has an account anywhere, nobody here knows. */
export const invitationOf = (
  row: Awaited<ReturnType<typeof listInvitations>>[number],
  now: Date,
): Invitation => ({
  id: row.id,
  tenantId: row.tenant_id,
  email: row.email,
  roles: row.roles,
  status: row.outcome ?? (row.expires_at > now ? 'open' : 'expired'),
  mail: row.mail,
  importId: row.import_id,
  invitedBy: { userId: row.invited_by, userTenantId: row.invited_by_tenant },
  createdAt: row.created_at.toISOString(),
  sentAt: row.sent_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  closedAt: row.closed_at?.toISOString() ?? null,
});
