import type { SettingsChange } from '@gatehouse/contracts';
import { sql } from 'kysely';
import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import { openSessions } from '../sessions/index.ts';

/** What a tenant has set; what it has not set is not in it. */
export interface SettingsRow {
  name: string;
  settings: SettingsChange;
  settings_version: number;
}

/** The one look-up outside a tenant's transaction (docs/security/rls-exceptions.md). */
export async function loadSettings(doors: Doors, tenantId: TenantId): Promise<SettingsRow | undefined> {
  const [row] = await doors.call<SettingsRow & Record<string, unknown>>(
    'select * from gatehouse.find_tenant_settings($1)',
    [tenantId],
  );
  return row;
}

const own = (tx: TenantTx) =>
  tx
    .selectFrom('tenants')
    .select(['name', 'settings', 'settings_version', 'updated_at'])
    .where('id', '=', tx.tenantId);
type OwnSettings = SettingsRow & { updated_at: Date };

export const loadOwnSettings = (tx: TenantTx): Promise<OwnSettings | undefined> =>
  own(tx).executeTakeFirst() as Promise<OwnSettings | undefined>;

/** Whoever may work in the entered tenant: users at home and guests. */
export async function countMembers(tx: TenantTx): Promise<number> {
  const row = await tx
    .selectFrom('memberships')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('tenant_id', '=', tx.tenantId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/**
 * Replaces the settings of the entered tenant if they are still those of that version: one conditional UPDATE, so that of two
 * who change them at once one is told. Undefined when they are not.
 */
export function replaceSettings(
  tx: TenantTx,
  version: number,
  settings: SettingsChange,
  now: Date,
): Promise<{ settings_version: number } | undefined> {
  return tx
    .updateTable('tenants')
    .set({
      settings: JSON.stringify(settings),
      settings_version: sql`settings_version + 1`,
      updated_at: now,
    })
    .where('id', '=', tx.tenantId)
    .where('settings_version', '=', version)
    .returning('settings_version')
    .executeTakeFirst();
}

/** What whoever changes the lengths of sessions holds alone, and whoever opens one holds with the others. */
export const sessionRulesOf = (tx: TenantTx) =>
  sql`hashtextextended('session rules of ' || ${tx.tenantId}::text, 0)`;

/**
 * For who is about to change how long sessions of the entered tenant last: none is opened there until the transaction ends, and
 * those that were being opened are there. Before the tenant's row and any session, as whoever opens one takes them (features/auth,
 * `holdGround`).
 */
export async function lockSessionRules(tx: TenantTx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sessionRulesOf(tx)})`.execute(tx);
}

/**
 * New lengths hold for the sessions that are open, too: they can end earlier than they would have, and never later. A session
 * whose access token may be good for `tokenMinutes` more has not been idle for as long as it has not been renewed.
 */
export async function shortenSessions(
  tx: TenantTx,
  { idleMinutes, maxMinutes }: { idleMinutes: number | null; maxMinutes: number | null },
  tokenMinutes: number,
): Promise<void> {
  const unrenewed = idleMinutes === null ? null : Math.max(idleMinutes, tokenMinutes);
  const length = (minutes: number | null) => sql<string | null>`make_interval(mins => ${minutes}::integer)`;
  await tx
    .updateTable('sessions')
    .set({
      idle_minutes: idleMinutes,
      idle_expires_at: sql`least(idle_expires_at, last_used_at + ${length(unrenewed)})`,
      expires_at: sql`least(expires_at, created_at + ${length(maxMinutes)})`,
    })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', 'in', openSessions(tx, sql<boolean>`true`))
    .execute();
}

/** Whether somebody of the entered tenant has a second factor to prove themselves by, whatever becomes of passwords. */
export async function holdsSecondFactor(tx: TenantTx, userId: UserId): Promise<boolean> {
  const row = await tx
    .selectFrom('credentials')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('kind', 'in', ['totp', 'passkey'])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a connection belongs to the entered tenant: those of the platform are the root tenant's own. */
export async function isOwnConnection(tx: TenantTx, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom('connections')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row !== undefined;
}
