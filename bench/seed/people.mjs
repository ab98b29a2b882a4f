// The rows that the product writes for a tenant and its people: made with its own sealing, so that a server with the same
// master key opens all of it. One password for everybody, hashed once (a million hashes take two days) and sealed for each.
import { createHmac, randomFillSync } from 'node:crypto';
import { sealingKey, sealWith } from '../../apps/server/src/platform/crypto/seal.ts';
import { sha256 } from '../../apps/server/src/platform/crypto/digest.ts';
import { emailKey } from '../../apps/server/src/platform/email.ts';
import { personalHash, SUBJECT_KEYS } from '../../apps/server/src/features/audit/subject-keys.ts';
import { sealPassword } from '../../apps/server/src/features/auth/sealed-credentials.ts';

export const PASSWORD = 'Correct-Horse-42';
/** What sessions say of their browser: by it, and by their secret, a scenario knows those that it can go on with. */
export const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
export const ROOT = '00000000-0000-7000-8000-000000000001';
const DAY_MS = 86_400_000;

/** Tables in the order in which foreign keys want them, each with the columns that are not left to their defaults. */
export const TABLES = {
  tenants: 'id, parent_id, type, name, slug, created_at, updated_at',
  users:
    'tenant_id, id, email, email_key, name, status, email_verified_at, last_login_at, created_at, updated_at',
  login_identifiers: 'email_key, tenant_id, user_id',
  principals: 'tenant_id, id, kind, created_at',
  memberships: 'tenant_id, id, user_tenant_id, user_id, created_at',
  role_assignments: 'tenant_id, principal_id, role_id, id, via, created_at',
  credentials: 'tenant_id, id, user_id, kind, secret_sealed, created_at, updated_at',
  sessions:
    'tenant_id, id, user_id, home_principal_id, client_id, active_tenant_id, rotated_at, family_secret_hash, agent_hash, amr, auth_time, created_at, last_used_at, idle_expires_at, expires_at, renewals_since, ip, user_agent',
  subject_keys: 'tenant_id, subject_id, key_sealed, created_at',
  audit_records:
    'tenant_id, id, occurred_at, action, actor_kind, actor_id, actor_tenant_id, resource_type, resource_id, after, context, personal, correlation_id',
};

const GIVEN =
  'Ada Bo Chidi Dana Emre Faye Gao Hana Ivo Jun Kaya Lars Mina Noor Omar Pia Quin Rosa Sami Tove'.split(' ');
const FAMILY =
  'Abara Berg Castro Diaz Evans Fischer Grant Haddad Ito Jensen Kim Lopez Moreau Novak Okafor Park Rossi Silva Tanaka Weber'.split(
    ' ',
  );

/** @param since when the first of the people came; `until` when the last did. */
export function createRowMaker({ sealer, hash, masterKey, since, until, users }) {
  const tables = Object.fromEntries(Object.keys(TABLES).map((name) => [name, []]));
  const agentHash = `\\x${sha256(USER_AGENT).toString('hex')}`;
  let made = 0;

  const maker = {
    /** Takes what was made so far: rows by table. */
    take: () => Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, rows.splice(0)])),

    tenant(number) {
      const at = new Date(since).toISOString();
      const id = newIdAt(since);
      const name = `${FAMILY[number % FAMILY.length]} ${GIVEN[Math.floor(number / 20) % GIVEN.length]} ${number} Ltd`;
      tables.tenants.push([id, ROOT, 'customer', name, `tenant-${number}`, at, at]);
      return id;
    },

    /** A person who was invited, set the password and signed in; `roleId` is what they hold, if anything. */
    person(tenantId, { roleId } = {}) {
      const number = (made += 1);
      const time = since + Math.floor((number / users) * (until - since));
      const at = new Date(time).toISOString();
      const [id, principalId, sessionId] = [newIdAt(time), newIdAt(time), newIdAt(time)];
      const given = GIVEN[number % GIVEN.length];
      const family = FAMILY[Math.floor(number / 20) % FAMILY.length];
      const email = `${given}.${family}.${number}@Example.com`;
      const key = emailKey(email);
      tables.users.push([tenantId, id, email, key, `${given} ${family} ${number}`, 'active', at, at, at, at]);
      tables.login_identifiers.push([key, tenantId, id]);
      tables.principals.push([tenantId, principalId, 'member', at]);
      tables.memberships.push([tenantId, principalId, tenantId, id, at]);
      if (roleId)
        tables.role_assignments.push([tenantId, principalId, roleId, newIdAt(time), 'bootstrap', at]);
      const sealed = sealPassword(sealer, { tenantId, userId: id }, hash);
      tables.credentials.push([tenantId, newIdAt(time), id, 'password', sealed, at, at]);
      tables.sessions.push([
        tenantId,
        sessionId,
        id,
        principalId,
        'console',
        tenantId,
        at,
        `\\x${sha256(familySecretOf(masterKey, sessionId)).toString('hex')}`,
        agentHash,
        '{pwd}',
        at,
        at,
        at,
        // From now: with the day of their sign-in some would have ended already.
        new Date(until + 7 * DAY_MS).toISOString(),
        new Date(until + 30 * DAY_MS).toISOString(),
        at,
        '192.0.2.10',
        USER_AGENT,
      ]);
      const person = { tenantId, id, email, key: randomBytes(32) };
      const subject = { tenant_id: tenantId, subject_id: id };
      tables.subject_keys.push([tenantId, id, sealer.seal(person.key, SUBJECT_KEYS.context(subject)), at]);
      maker.signIn(person, sessionId, time);
      return person;
    },

    /** The audit record of a sign-in (apps/server/src/features/auth/open-session.ts). */
    signIn({ tenantId, id, email, key }, sessionId, time) {
      const personal = {};
      const hide = (field, value) => {
        const salt = randomBytes(16).toString('base64url');
        const hidden = personalHash(salt, field, value);
        const sealed = sealWith(sealingKey(key), 's', JSON.stringify([salt, value]), `${field} ${hidden}`);
        personal[hidden] = { t: tenantId, s: id, f: field, c: sealed };
        return { $personal: hidden };
      };
      const after = { client: 'console', amr: ['pwd'], email: hide('after.email', email) };
      const context = {
        ip: hide('context.ip', '192.0.2.10'),
        userAgent: hide('context.userAgent', USER_AGENT),
        actor: hide('context.actor', email),
      };
      tables.audit_records.push([
        tenantId,
        newIdAt(time),
        new Date(time).toISOString(),
        'login',
        'user',
        id,
        tenantId,
        'session',
        sessionId,
        JSON.stringify(after),
        JSON.stringify(context),
        JSON.stringify(personal),
        randomBytes(16).toString('hex'),
      ]);
    },
  };
  return maker;
}

/** So that a scenario knows the secret of a session without a list of them. */
export const familySecretOf = (masterKey, sessionId) =>
  createHmac('sha256', masterKey).update(`seeded session ${sessionId}`).digest().subarray(0, 16);

const pool = Buffer.alloc(64 * 1024);
let used = pool.length;
/** From a pool: a call for each of ten million would be half of the time. */
function randomBytes(length) {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += length;
  return Buffer.from(pool.subarray(used - length, used));
}

/** A UUID version 7 of that millisecond (RFC 9562 §5.7). */
export function newIdAt(time) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(time, 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
