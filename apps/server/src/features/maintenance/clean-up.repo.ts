import { sql } from 'kysely';
import type { SystemTx } from '../../platform/database/index.ts';

/** At most so many rows of a table in one go: a long pause must not become one long transaction. */
export const BATCH = 5000;

export interface Removed {
  sessions: number;
  oneTimeTokens: number;
  rememberedDevices: number;
  invitations: number;
  closedInvitations: number;
  outbox: number;
  loginThrottles: number;
  revocations: number;
  dayKeys: number;
  samlMessageIds: number;
}

/** Removes what can never count again, some days after it stopped counting. */
export async function removeExpired(tx: SystemTx, now: Date): Promise<Removed> {
  const remove = async (statement: ReturnType<typeof sql>) =>
    Number((await statement.execute(tx)).numAffectedRows ?? 0n);
  return {
    sessions: await remove(sql`
      delete from gatehouse.sessions s where (s.tenant_id, s.id) in (
        select e.tenant_id, e.id from gatehouse.sessions e where e.expires_at < ${now}::timestamptz - interval '1 day' limit ${BATCH})`),
    // What anybody can have made without being somebody (each visit of the sign-in page asks for a passkey, each sign-in at a provider
    // may hold its answer, and leave a link that waits, a registration what was typed) need not be there for a week.
    oneTimeTokens: await remove(sql`
      delete from gatehouse.one_time_tokens t where (t.tenant_id, t.id) in (
        select e.tenant_id, e.id from gatehouse.one_time_tokens e where e.expires_at < ${now}::timestamptz - interval '1 hour'
          and (e.purpose in ('passkey-sign-in', 'connection-sign-in', 'connection-link', 'connection-trial', 'mail-link', 'mail-code', 'reset-password', 'registration') or e.expires_at < ${now}::timestamptz - interval '7 days') limit ${BATCH})`),
    rememberedDevices: await remove(sql`
      delete from gatehouse.remembered_devices d where (d.tenant_id, d.id) in (
        select e.tenant_id, e.id from gatehouse.remembered_devices e where e.expires_at < ${now}::timestamptz limit ${BATCH})`),
    invitations: await remove(sql`
      delete from gatehouse.invitations i where (i.tenant_id, i.id) in (
        select e.tenant_id, e.id from gatehouse.invitations e where e.expires_at < ${now}::timestamptz - interval '30 days' limit ${BATCH})`),
    closedInvitations: await remove(sql`
      delete from gatehouse.closed_invitations i where (i.tenant_id, i.id) in (
        select e.tenant_id, e.id from gatehouse.closed_invitations e where e.closed_at < ${now}::timestamptz - interval '30 days' limit ${BATCH})`),
    outbox: await remove(sql`
      delete from gatehouse.outbox o where (o.tenant_id, o.id) in (
        select e.tenant_id, e.id from gatehouse.outbox e where e.delivered_at < ${now}::timestamptz - interval '30 days' limit ${BATCH})`),
    loginThrottles: await remove(sql`
      delete from gatehouse.login_throttles l where l.key in (
        select e.key from gatehouse.login_throttles e where e.updated_at < ${now}::timestamptz - interval '2 days'
          and (e.locked_until is null or e.locked_until < ${now}) limit ${BATCH})`),
    // The longest life that a token can be given is a day, and an entry is at most some seconds older than its commit.
    revocations: await remove(sql`
      delete from gatehouse.revocations r where r.seq in (
        select e.seq from gatehouse.revocations e where e.created_at < ${now}::timestamptz - interval '25 hours' limit ${BATCH})`),
    samlMessageIds: await remove(sql`
      delete from gatehouse.saml_message_ids m where (m.tenant_id, m.connection_id, m.id_hash) in (
        select e.tenant_id, e.connection_id, e.id_hash from gatehouse.saml_message_ids e where e.expires_at < ${now} limit ${BATCH})`),
    // What callers without an account typed is sealed under the key of its day, and nobody can ask for it to be erased: who they
    // were is not known. So it goes by itself.
    dayKeys: await remove(sql`
      delete from gatehouse.subject_keys k where (k.tenant_id, k.subject_id) in (
        select e.tenant_id, e.subject_id from gatehouse.subject_keys e
        where starts_with(e.subject_id, 'day ') and e.created_at < ${now}::timestamptz - interval '30 days' limit ${BATCH})`),
  };
}

/** Principals no longer carry the roles that have ended (ADR 0021). Answers how many did. */
export async function forgetEndedRoles(tx: SystemTx, now: Date): Promise<number> {
  const { rows } = await sql<{
    forgotten: number;
  }>`select gatehouse.forget_ended_roles(${now}) as forgotten`.execute(tx);
  return rows[0]?.forgotten ?? 0;
}
