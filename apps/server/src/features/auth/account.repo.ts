import type { Doors } from '../../platform/database/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';

/** The account that an address enters, with its sealed password hash. */
export interface Account {
  tenantId: TenantId;
  userId: UserId;
  email: string;
  userStatus: 'invited' | 'active' | 'suspended';
  tenantStatus: string;
  credentialId: string | null;
  secretSealed: string | null;
}

/** The one look-up by address, before any tenant is known (docs/security/rls-exceptions.md). */
export async function loadAccount(doors: Doors, emailKey: string): Promise<Account | undefined> {
  const [account] = await doors.call<Account & Record<string, unknown>>(
    `select tenant_id as "tenantId", user_id as "userId", email, user_status as "userStatus", tenant_status as "tenantStatus",
            credential_id as "credentialId", secret_sealed as "secretSealed" from gatehouse.find_login($1)`,
    [emailKey],
  );
  return account;
}
