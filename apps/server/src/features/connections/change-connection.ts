import type { SamlSettings, UpdateConnection } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import { holdActiveTenant } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkMayAssign, checkMayMap } from '../roles/index.ts';
import { authorOf } from './add-connection.ts';
import { connectionOf, stateOf } from './connection-message.ts';
import { checkComplete, issuerOf } from './connection-rules.ts';
import { sealSecret } from './connection-secret.ts';
import {
  type ConnectionRow,
  deleteConnectionRow,
  endSessionsOfConnection,
  forgetOwners,
  loadConnection,
  lockConnection,
  setConnectionStatus,
  updateConnectionRow,
} from './connections.repo.ts';
import { checkMembers, type PreparedSaml, prepareSaml, writtenSaml } from './saml/prepare-saml.ts';

/**
 * Changes what is named. Whoever changes a connection answers for all of it from then on: its roles are given in their name, and
 * they must hold each of them.
 *
 * SECURITY: with another issuer or client, or where another attribute names people, it is another provider: it goes out of service until somebody enables it, and a secret
 * that was given for one issuer is never sent to another, also of the same host, where each may be somebody else's (threats 30, 65).
 *
 * @throws {Problem} `resource.not_found`, `request.invalid`, `connections.built_in`, `roles.unknown`, `roles.root_only`,
 *   `access.denied`, `access.grant_exceeds_own`
 */
export async function updateConnection(
  deps: Deps,
  caller: Caller,
  id: string,
  input: UpdateConnection,
): Promise<ConnectionRow> {
  if ((input.roles ?? []).length > 0) await checkMayAssign(deps, caller);
  const saml = input.saml && (await prepareSamlOf(deps, caller, id, input.saml));
  return onConnection(deps, caller, id, async (tx, before) => {
    checkMembers(before.kind, input, connectionOf(deps.config, before));
    const { clientSecret, name, issuer: wanted, saml: _saml, ...others } = input;
    const rest = before.kind === 'saml' ? withoutClient(others) : others;
    const ofSaml = saml && writtenSaml(deps, keyOf(before), before, saml);
    const settings = { ...before.settings, ...rest, ...(ofSaml && { saml: ofSaml.saml }) };
    const issuer =
      before.kind === 'saml'
        ? (ofSaml?.issuer ?? before.issuer)
        : issuerOf(before.kind, {
            // That of a known kind, sent back as it was read, is none that is named.
            issuer: before.kind === 'oidc' ? (wanted ?? before.issuer) : otherThan(before.issuer, wanted),
            directoryId: settings.directoryId,
          });
    await checkMayMap(
      tx,
      caller.principal,
      settings.roles.map(({ role }) => role),
      deps.clock.now(),
    );
    // The key by which we sign for a SAML provider is ours, whoever the provider is.
    const kept = issuer === before.issuer || before.kind === 'saml' ? before.secret_sealed : null;
    const secretSealed =
      clientSecret === undefined
        ? ofSaml
          ? ofSaml.secretSealed
          : kept
        : sealSecret(deps.sealer, keyOf(before), clientSecret);
    const isOther =
      issuer !== before.issuer ||
      settings.clientId !== before.settings.clientId ||
      settings.saml?.subjectAttribute !== before.settings.saml?.subjectAttribute;
    // What was learned is of the provider of before.
    if (isOther) delete settings.statesTime;
    const written = {
      name: name ?? before.name,
      issuer,
      settings,
      secretSealed,
      author: authorOf(caller),
      now: deps.clock.now(),
    };
    // Also with nothing changed: what was written by somebody who is gone gives no roles until somebody else answers for it.
    const isOtherAuthor =
      before.author_tenant_id !== written.author.tenantId ||
      before.author_principal_id !== written.author.principalId;
    const [was, will] = [stateOf(before), stateOf({ ...before, ...written, secret_sealed: secretSealed })];
    const changed = (Object.keys(will) as (keyof typeof will)[]).filter(
      (field) => JSON.stringify(will[field]) !== JSON.stringify(was[field]),
    );
    if (changed.length === 0 && clientSecret === undefined && !isOtherAuthor) return before;
    // SECURITY: which certificate let somebody in is on no record, so that one that goes takes everybody along (threat 45).
    const known = before.settings.saml?.certificates ?? [];
    const named = settings.saml?.certificates ?? [];
    const losesKey = before.status === 'enabled' && known.some((each) => !named.includes(each));
    if (losesKey) await holdActiveTenant(tx);
    let after = await updateConnectionRow(tx, id, written);
    const endedSessions = losesKey
      ? await endSessionsOfConnection(tx, id, 'certificate removed', written.now)
      : undefined;
    await deps.audit.record(tx, {
      action: 'connection_updated',
      actor: actorOf(caller.principal),
      resource: { type: 'connection', id },
      before: Object.fromEntries(changed.map((field) => [field, was[field]])),
      after: {
        ...Object.fromEntries(changed.map((field) => [field, will[field]])),
        ...(clientSecret !== undefined && { secret: 'replaced' }),
        ...(isOtherAuthor && { author: 'replaced' }),
        ...(endedSessions !== undefined && { endedSessions }),
      },
      request: caller.request,
    });
    if (isOther) after = await takeOut(deps, caller, tx, after);
    // SECURITY: whoever may sign for the provider speaks for everybody whom it enters: owners agreed to the keys of before.
    if (named.some((each) => !known.includes(each))) await forgetOwners(tx, id);
    return after;
  });
}

/** Of a SAML connection, and before the transaction. @throws {Problem} as `updateConnection` */
async function prepareSamlOf(
  deps: Deps,
  { entered }: Caller,
  id: string,
  input: SamlSettings,
): Promise<PreparedSaml> {
  const asked = await deps.doors.withTenant(entered, (tx) => loadConnection(tx, id));
  if (!asked) throw unknownConnection();
  checkNotBuiltIn(asked);
  checkMembers(asked.kind, { saml: input });
  return prepareSaml(deps, input, asked);
}

/** Our name at a SAML provider is shown, and not kept. */
const withoutClient = ({ clientId: _clientId, ...rest }: Omit<UpdateConnection, 'saml'>) => rest;

const otherThan = (was: string, wanted: string | undefined) => (wanted === was ? undefined : wanted);
const keyOf = (row: ConnectionRow) => ({ tenantId: row.tenant_id, id: row.id });

/**
 * Puts a connection in service, once its provider has answered as described.
 *
 * @throws {Problem} `resource.not_found`, `connections.built_in`, `connections.incomplete`, `connections.provider_unreachable`
 */
export async function enableConnection(deps: Deps, caller: Caller, id: string): Promise<ConnectionRow> {
  const asked = await deps.doors.withTenant(caller.entered, (tx) => loadConnection(tx, id));
  if (!asked) throw unknownConnection();
  checkNotBuiltIn(asked);
  checkComplete(asked);
  // Outside of the transaction: nobody waits for a connection to the database while a provider makes us wait.
  await deps.providers.check(asked);
  return onConnection(deps, caller, id, async (tx, before) => {
    if (before.status === 'enabled') return before;
    if (before.issuer !== asked.issuer)
      throw new Problem('connections.incomplete', {
        detail: 'It has been changed meanwhile: look at it again.',
      });
    const after = await setConnectionStatus(tx, id, 'enabled', deps.clock.now());
    await deps.audit.record(tx, {
      action: 'connection_enabled',
      actor: actorOf(caller.principal),
      resource: { type: 'connection', id },
      before: { status: before.status },
      after: { status: after.status },
      request: caller.request,
    });
    return after;
  });
}

/**
 * Takes a connection out of service: nobody comes in by it, and the sessions that it opened end (threat 45).
 *
 * @throws {Problem} `resource.not_found`, `connections.built_in`
 */
export const disableConnection = (deps: Deps, caller: Caller, id: string): Promise<ConnectionRow> =>
  onConnection(deps, caller, id, (tx, before) => takeOut(deps, caller, tx, before));

async function takeOut(
  deps: Deps,
  caller: Caller,
  tx: TenantTx,
  before: ConnectionRow,
): Promise<ConnectionRow> {
  if (before.status === 'disabled') return before;
  const now = deps.clock.now();
  // Before any session, as whoever suspends the tenant takes it (docs/adr/0059).
  await holdActiveTenant(tx);
  const after = await setConnectionStatus(tx, before.id, 'disabled', now);
  const endedSessions = await endSessionsOfConnection(tx, before.id, 'connection disabled', now);
  await deps.audit.record(tx, {
    action: 'connection_disabled',
    actor: actorOf(caller.principal),
    resource: { type: 'connection', id: before.id },
    before: { status: before.status },
    after: { status: after.status, endedSessions },
    request: caller.request,
  });
  return after;
}

/**
 * Disconnects a provider for good. Whoever came in by it alone comes in no more; what it linked is gone, and so are its sessions.
 *
 * @throws {Problem} `resource.not_found`, `connections.built_in`
 */
export const deleteConnection = (deps: Deps, caller: Caller, id: string): Promise<ConnectionRow> =>
  onConnection(deps, caller, id, async (tx, before) => {
    await holdActiveTenant(tx);
    const endedSessions = await endSessionsOfConnection(tx, id, 'connection deleted', deps.clock.now());
    await deleteConnectionRow(tx, id);
    await deps.audit.record(tx, {
      action: 'connection_deleted',
      actor: actorOf(caller.principal),
      resource: { type: 'connection', id },
      before: stateOf(before),
      after: { endedSessions },
      request: caller.request,
    });
    return before;
  });

/** One transaction on one connection of the entered tenant. */
const onConnection = (
  deps: Deps,
  { entered }: Caller,
  id: string,
  work: (tx: TenantTx, before: ConnectionRow) => Promise<ConnectionRow>,
): Promise<ConnectionRow> =>
  deps.doors.withTenant(entered, async (tx) => {
    const before = await lockConnection(tx, id);
    if (!before) throw unknownConnection();
    checkNotBuiltIn(before);
    return work(tx, before);
  });

export const unknownConnection = () =>
  new Problem('resource.not_found', { detail: 'There is no such connection in this tenant.' });

/** @throws {Problem} `connections.built_in` */
export function checkNotBuiltIn(row: ConnectionRow): void {
  if (row.scope === 'platform')
    throw new Problem('connections.built_in', {
      detail: 'Change the settings of the deployment, and start it anew.',
    });
}
