import type { PersonalData } from '@gatehouse/contracts';
import type { Entered, TenantTx } from '../../platform/database/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { listRecordsAbout, openPersonal, reveal } from '../audit/index.ts';
import { knownProof } from '../auth/index.ts';
import { describeConsent, listConsents } from '../consents/index.ts';
import type { Deps } from '../deps.ts';
import {
  listAllSessions,
  listCredentials,
  listExternalIdentities,
  listLinks,
  listRememberedDevices,
  listMembershipsElsewhere,
  listGroupsOf,
  listOwnApiKeys,
  listRoles,
  listSignInAddresses,
  loadPerson,
} from './person.repo.ts';

/** Rows that one transaction reads. */
const A_PAGE = 200;
/** The lists that can be long; they are read page by page, and never as a whole. */
type Long = 'sessions' | 'consents' | 'records';

/**
 * All that is held of a person, in pieces of one JSON document (`PersonalData` in the contracts). The document is closed by its
 * last piece: one that broke off is no JSON.
 *
 * What belongs into it is listed column by column in personal-columns.ts, against which a test holds it.
 */
export async function* exportPerson(deps: Deps, scope: Entered, userId: UserId): AsyncGenerator<string> {
  const head = await deps.doors.withTenant(scope, (tx) => headOf(deps, tx, userId));
  // Erased in the moment between the question and the answer.
  if (head === undefined) throw new Error('there is nobody to export any more');
  yield JSON.stringify(head).slice(0, -1);
  yield* listOf('sessions', pages(deps, scope, userId, sessionsPage));
  yield* listOf('consents', pages(deps, scope, userId, consentsPage));
  yield* listOf('records', pages(deps, scope, userId, recordsPage));
  yield '}\n';
}

async function* listOf(name: Long, items: AsyncIterable<object>): AsyncGenerator<string> {
  let separator = `,"${name}":[`;
  for await (const item of items) {
    yield separator + JSON.stringify(item);
    separator = ',';
  }
  yield separator === ',' ? ']' : `${separator}]`;
}

interface PageOf {
  items: object[];
  /** Where the next page begins; undefined after the last. */
  next: string | undefined;
}
type LoadPage = (deps: Deps, tx: TenantTx, userId: UserId, after: string | undefined) => Promise<PageOf>;

async function* pages(deps: Deps, scope: Entered, userId: UserId, load: LoadPage): AsyncGenerator<object> {
  let after: string | undefined;
  do {
    const page = await deps.doors.withTenant(scope, (tx) => load(deps, tx, userId, after));
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

const nextOf = <Row>(rows: readonly Row[], place: (row: Row) => string): string | undefined => {
  const last = rows.at(-1);
  return last !== undefined && rows.length === A_PAGE ? place(last) : undefined;
};

async function headOf(
  deps: Deps,
  tx: TenantTx,
  userId: UserId,
): Promise<Omit<PersonalData, Long> | undefined> {
  const row = await loadPerson(tx, userId);
  if (row === undefined) return undefined;
  return {
    format: 'gatehouse-personal-data',
    version: 1,
    exportedAt: deps.clock.now().toISOString(),
    deployment: deps.config.publicUrl,
    person: {
      id: row.id,
      tenantId: row.tenant_id,
      email: row.email,
      name: row.name,
      status: row.status,
      emailVerifiedAt: time(row.email_verified_at),
      lastLoginAt: time(row.last_login_at),
      createdAt: time(row.created_at),
      updatedAt: time(row.updated_at),
    },
    tenant: { id: row.tenant_id, name: row.tenant_name, type: row.tenant_type },
    signInAddresses: (await listSignInAddresses(tx, userId)).map(({ email_key }) => email_key),
    membership: {
      id: row.membership_id,
      status: row.membership_status,
      createdAt: time(row.member_since),
      roles: (await listRoles(tx, row.membership_id)).map((role) => ({
        role: role.name,
        via: role.via,
        grantedAt: time(role.created_at),
        expiresAt: time(role.expires_at),
      })),
      groups: (await listGroupsOf(tx, row.membership_id)).map((group) => ({
        name: group.name,
        addedAt: time(group.added_at),
      })),
    },
    apiKeys: (await listOwnApiKeys(tx, row.membership_id)).map((key) => ({
      id: key.id,
      name: key.name,
      shownAs: key.shown_as,
      scopes: key.scopes,
      allowedAddresses: key.allowed_addresses,
      createdAt: time(key.created_at),
      expiresAt: time(key.expires_at),
      lastUsedAt: time(key.last_used_at),
    })),
    membershipsElsewhere: (await listMembershipsElsewhere(tx, userId)).map((membership) => ({
      id: membership.id,
      tenantId: membership.tenant_id,
      tenantName: membership.tenant_name,
      createdAt: time(membership.created_at),
    })),
    credentials: (await listCredentials(tx, userId)).map((credential) => ({
      id: credential.id,
      kind: credential.kind,
      label: credential.label,
      createdAt: time(credential.created_at),
      updatedAt: time(credential.updated_at),
      lastUsedAt: credential.last_used_at && time(credential.last_used_at),
    })),
    rememberedDevices: (await listRememberedDevices(tx, userId)).map((device) => ({
      userAgent: device.user_agent,
      createdAt: time(device.created_at),
      expiresAt: time(device.expires_at),
    })),
    externalIdentities: (await listExternalIdentities(tx, userId)).map((identity) => ({
      connectionId: identity.connection_id,
      issuer: identity.issuer,
      subject: identity.subject,
      linkedBy: identity.linked_by,
      createdAt: time(identity.created_at),
    })),
    links: (await listLinks(tx, userId)).map((link) => ({
      purpose: link.purpose,
      createdAt: time(link.created_at),
      expiresAt: time(link.expires_at),
      usedAt: time(link.consumed_at),
    })),
  };
}

const sessionsPage: LoadPage = async (_deps, tx, userId, after) => {
  const rows = await listAllSessions(tx, userId, after, A_PAGE);
  return {
    items: rows.map((row) => ({
      id: row.id,
      clientId: row.client_id,
      activeTenantId: row.active_tenant_id,
      ip: row.ip,
      userAgent: row.user_agent,
      amr: row.amr,
      authTime: time(knownProof(row.auth_time) ?? null),
      createdAt: time(row.created_at),
      lastUsedAt: time(row.last_used_at),
      expiresAt: time(row.idle_expires_at < row.expires_at ? row.idle_expires_at : row.expires_at),
      endedAt: time(row.ended_at),
      endReason: row.end_reason,
    })),
    next: nextOf(rows, ({ id }) => id),
  };
};

const consentsPage: LoadPage = async (deps, tx, userId, after) => {
  const rows = await listConsents(tx, { userId, current: false, before: after, limit: A_PAGE });
  const items: object[] = [];
  for (const row of rows) items.push(await describeConsent(deps, tx, row));
  return { items, next: nextOf(rows, ({ seq }) => seq) };
};

const recordsPage: LoadPage = async (deps, tx, userId, after) => {
  const place = after === undefined ? undefined : (JSON.parse(after) as { time: string; id: string });
  const rows = await listRecordsAbout(tx, userId, place, A_PAGE);
  const items: object[] = [];
  for (const row of rows) {
    // SECURITY: a record of two people tells each what it says of them, and not of the other (GDPR Art. 15(4)).
    const opened = await openPersonal(tx, deps.subjectKeys, row, userId);
    const context = reveal(row.context, opened) as Record<string, string | null | undefined>;
    items.push({
      id: row.id,
      time: time(row.occurred_at),
      action: row.action,
      actor: { kind: row.actor_kind, id: row.actor_id },
      resource: { type: row.resource_type, id: row.resource_id },
      before: reveal(row.before, opened),
      after: reveal(row.after, opened),
      ip: context.ip ?? null,
      userAgent: context.userAgent ?? null,
      correlationId: row.correlation_id,
    });
  }
  return { items, next: nextOf(rows, (row) => JSON.stringify({ time: row.time, id: row.id })) };
};

function time(moment: Date): string;
function time(moment: Date | null): string | null;
function time(moment: Date | null): string | null {
  return moment?.toISOString() ?? null;
}
