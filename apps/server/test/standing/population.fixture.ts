import { enterOwn } from '../../src/platform/access/index.ts';
import { newId, type TenantId } from '../../src/platform/ids.ts';
import type { TestServer } from '../server.fixture.ts';
import { addPerson, type Person } from './people.fixture.ts';

/** What a tenant is filled with: something in every table that a tenant can have rows in. */
export interface Population {
  tenantId: TenantId;
  admin: Person;
  viewer: Person;
  nobody: Person;
  /** One id of each kind of thing, by table. */
  ids: Record<string, string>;
}

/** Fills a tenant: people with and without roles, a client, a one-time token, mail, a custom role, a decision. */
export async function populate(gatehouse: TestServer, tenantId: TenantId): Promise<Population> {
  const { deps } = gatehouse.server;
  const now = deps.clock.now();
  const admin = await addPerson(gatehouse, tenantId, ['admin']);
  const viewer = await addPerson(gatehouse, tenantId, ['admin_viewer']);
  const nobody = await addPerson(gatehouse, tenantId, []);
  const scope = enterOwn({ kind: 'system', tenantId, reason: 'standing suite' });
  await deps.doors.withTenant(scope, async (tx) => {
    await deps.oneTimeTokens.issue(tx, 'set-password', { subjectId: nobody.userId, lifetimeSeconds: 3600 });
    await deps.outbox.mail(
      tx,
      'standing',
      { to: nobody.email, subject: 'Mail', greeting: 'Of a tenant', paragraphs: [], from: 'Gatehouse' },
      newId(),
    );
  });
  const [service, apiKey] = [newId(), newId()];
  await gatehouse.sql(
    `insert into gatehouse.clients (tenant_id, id, client_id, name, kind, namespace, token_mode, created_at, updated_at)
     values ($1, $2, $3, 'A service', 'service', 'billing', 'bearer', $4, $4)`,
    [tenantId, service, `service-${service}`, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, $2, 'service', $4), ($1, $3, 'api_key', $4)`,
    [tenantId, service, apiKey, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.api_keys (tenant_id, id, owner_id, name, hash, shown_as, created_by, created_at)
     values ($1, $2::uuid, $3, 'A key', sha256(convert_to($2::uuid::text, 'utf8')), 'cf_dev_…abcd', $4, $5)`,
    [tenantId, apiKey, service, admin.principalId, now],
  );
  const clientId = `client-${newId()}`;
  const id = newId();
  await gatehouse.sql(
    `insert into gatehouse.clients (tenant_id, id, client_id, name, kind, token_mode, created_at, updated_at)
     values ($1, $2, $3, 'An app', 'web', 'bearer', $4, $4)`,
    [tenantId, id, clientId, now],
  );
  const invitation = newId();
  await gatehouse.sql(
    `insert into gatehouse.principals (tenant_id, id, kind, status, created_at) values ($1, $2, 'member', 'suspended', $3)`,
    [tenantId, invitation, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.invitations (tenant_id, id, email, email_key, invited_by, invited_by_tenant, created_at, sent_at, expires_at)
     values ($1, $2, $3, $3, $4, $1, $5, $5, $6)`,
    [
      tenantId,
      invitation,
      `invited@${tenantId}.example`,
      admin.userId,
      now,
      new Date(now.getTime() + 86_400_000),
    ],
  );
  await gatehouse.sql(
    `insert into gatehouse.roles (id, tenant_id, name, title, description, role_group)
     values ($1, $2, 'desk', 'Desk', 'A role of this tenant', 'other')`,
    [newId(), tenantId],
  );
  await gatehouse.sql(
    `with s as (insert into gatehouse.catalog_services (tenant_id, service, resources, version, registered_at, updated_at)
       values ($1, 'shop', '{}', 1, $2, $2) returning tenant_id)
     insert into gatehouse.catalog_permissions (tenant_id, name, service, description) select tenant_id, 'shop:orders:read', 'shop', 'Read orders' from s`,
    [tenantId, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.permission_uses (tenant_id, principal_id, permission, used_on) values ($1, $2, 'users:read', $3)`,
    [tenantId, admin.principalId, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.policies (tenant_id, id, name, draft, created_at, updated_at)
     values ($1, $2, 'own-records', '{"rules":[],"tests":[]}', $3, $3)`,
    [tenantId, newId(), now],
  );
  const group = newId();
  await gatehouse.sql(
    `insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, $2, 'group', $3)`,
    [tenantId, group, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.groups (tenant_id, id, name, description, created_at, updated_at) values ($1, $2, 'A group', '', $3, $3)`,
    [tenantId, group, now],
  );
  await gatehouse.sql(
    'insert into gatehouse.group_members (tenant_id, group_id, principal_id, added_at) values ($1, $2, $3, $4)',
    [tenantId, group, nobody.principalId, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.decisions (tenant_id, id, occurred_at, principal_id, permission, resource, decision, reason, policy_version, correlation_id)
     values ($1, $2, $3, $4, 'users:read', 'GET /api/v1/users', 'permit', 'for this suite', 'roles', $5)`,
    [tenantId, newId(), now, admin.principalId, '0'.repeat(32)],
  );
  await gatehouse.sql(
    `insert into gatehouse.credentials (tenant_id, id, user_id, kind, secret_sealed, created_at, updated_at)
     values ($1, $2, $3, 'password', 'v1.none.none.none', $4, $4)`,
    [tenantId, newId(), nobody.userId, now],
  );
  const connection = newId();
  await gatehouse.sql(
    `insert into gatehouse.connections (tenant_id, id, kind, name, issuer, settings, created_at, updated_at)
     values ($1, $2, 'oidc', 'A provider', 'https://id.example', '{"clientId":"x","directoryId":null,"scopes":[],"groupsClaim":"groups","roles":[],"createUsers":true}', $3, $3)`,
    [tenantId, connection, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.external_identities (tenant_id, id, connection_id, connection_tenant_id, issuer, subject, user_id, created_at)
     values ($1, $2, $3, $1, 'https://id.example', 'somebody', $4, $5)`,
    [tenantId, newId(), connection, nobody.userId, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.tenant_domains (tenant_id, id, domain, challenge, created_at) values ($1, $2, $3, 'c', $4)`,
    [tenantId, newId(), `${tenantId}.example`, now],
  );
  await gatehouse.sql(
    `insert into gatehouse.consents (tenant_id, id, user_id, purpose, version, state, correlation_id, occurred_at)
     values ($1, $2, $3, 'product-news', '1', 'granted', $4, $5)`,
    [tenantId, newId(), nobody.userId, '0'.repeat(32), now],
  );
  await gatehouse.sql(
    'insert into gatehouse.audit_retention (tenant_id, days, updated_at) values ($1, 400, $2)',
    [tenantId, now],
  );
  const ids = { ...(await oneOfEach(gatehouse, tenantId, nobody)), services: service };
  return { tenantId, admin, viewer, nobody, ids };
}

/** The ids that a foreign caller would try: of the tenant, and of one row of every table that has ids. */
async function oneOfEach(
  gatehouse: TestServer,
  tenantId: TenantId,
  person: Person,
): Promise<Record<string, string>> {
  const tables = await gatehouse.sql<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute i on i.attrelid = c.oid and i.attname = 'id'
       join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'
     where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  const ids: Record<string, string> = {
    tenants: tenantId,
    users: person.userId,
    principals: person.principalId,
    memberships: person.principalId,
    sessions: person.opened.sessionId,
  };
  for (const { name } of tables) {
    const [row] = await gatehouse.sql<{ id: string }>(
      `select id from gatehouse.${name} where tenant_id = $1 order by id desc limit 1`,
      [tenantId],
    );
    if (row !== undefined) ids[name] ??= row.id;
  }
  return ids;
}

/** The rows of a tenant, as one hash a table: equal before and after, or something was changed, added or removed. */
export async function checksums(gatehouse: TestServer, tenantId: TenantId): Promise<Record<string, string>> {
  const tables = await gatehouse.sql<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'
     where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  );
  const parts = [
    `select 'tenants' as name, md5(t::text) as hash from gatehouse.tenants t where id = $1`,
    ...tables.map(
      ({ name }) =>
        `select '${name}', md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) from gatehouse.${name} t where tenant_id = $1`,
    ),
  ];
  const rows = await gatehouse.sql<{ name: string; hash: string }>(parts.join(' union all '), [tenantId]);
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]));
}
