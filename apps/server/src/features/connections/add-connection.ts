import type { ConnectionKind, CreateConnection } from '@gatehouse/contracts';
import { newId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkMayAssign, checkMayMap } from '../roles/index.ts';
import { stateOf } from './connection-message.ts';
import { issuerOf } from './connection-rules.ts';
import { sealSecret } from './connection-secret.ts';
import { type Author, type ConnectionRow, insertConnection } from './connections.repo.ts';

/**
 * Connects an identity provider to the entered tenant. It starts disabled; nothing is asked of the provider yet.
 *
 * @throws {Problem} `request.invalid`, `roles.unknown`, `roles.root_only`, `access.denied`, `access.grant_exceeds_own`
 */
export async function addConnection(
  deps: Deps,
  caller: Caller,
  input: CreateConnection,
): Promise<ConnectionRow> {
  const directoryId = input.directoryId ?? null;
  const kind = input.kind as ConnectionKind;
  const issuer = issuerOf(kind, { issuer: input.issuer, directoryId });
  const roles = input.roles ?? [];
  if (roles.length > 0) await checkMayAssign(deps, caller);
  return deps.doors.withTenant(caller.entered, async (tx) => {
    await checkMayMap(
      tx,
      caller.principal,
      roles.map(({ role }) => role),
    );
    const id = newId();
    const row = await insertConnection(tx, {
      id,
      kind,
      name: input.name,
      issuer,
      settings: {
        clientId: input.clientId,
        directoryId,
        scopes: input.scopes ?? [],
        groupsClaim: input.groupsClaim ?? 'groups',
        roles,
        createUsers: input.createUsers ?? true,
      },
      secretSealed:
        input.clientSecret === undefined
          ? null
          : sealSecret(deps.sealer, { tenantId: tx.tenantId, id }, input.clientSecret),
      author: authorOf(caller),
      now: deps.clock.now(),
    });
    await deps.audit.record(tx, {
      action: 'connection_created',
      actor: actorOf(caller.principal),
      resource: { type: 'connection', id },
      after: stateOf(row),
      request: caller.request,
    });
    return row;
  });
}

/** The membership by which the caller acts: what roles are assigned to, here or in a tenant above. */
export const authorOf = ({ principal }: Caller): Author => ({
  tenantId: principal.tenantId,
  principalId: principal.principalId,
});
