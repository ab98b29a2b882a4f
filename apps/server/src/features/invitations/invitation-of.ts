import type { Invitation } from '@gatehouse/contracts';
import type { InvitationRow } from './invitations.repo.ts';

/** An invitation as the API shows it. Whether the address has an account anywhere, nobody here knows. */
export const invitationOf = (row: InvitationRow, now: Date): Invitation => ({
  id: row.id,
  tenantId: row.tenant_id,
  email: row.email,
  roles: row.roles,
  status: row.expires_at > now ? 'open' : 'expired',
  invitedBy: { userId: row.invited_by, userTenantId: row.invited_by_tenant },
  createdAt: row.created_at.toISOString(),
  sentAt: row.sent_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
});
