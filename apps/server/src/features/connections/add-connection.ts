import type { ConnectionKind, CreateConnection } from '@gatehouse/contracts';
import { newId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkMayAssign, checkMayMap } from '../roles/index.ts';
import { stateOf } from './connection-message.ts';
import { fault, issuerOf } from './connection-rules.ts';
import { sealSecret } from './connection-secret.ts';
import { type Author, type ConnectionRow, insertConnection } from './connections.repo.ts';
import { checkMembers, prepareSaml, writtenSaml } from './saml/prepare-saml.ts';
import type { SamlConnection } from './saml/saml-settings.ts';

/**
 * Connects an identity provider to the entered tenant. It starts disabled; nothing is asked of the provider yet, but for metadata at an address.
 *
 * @throws {Problem} `request.invalid`, `roles.unknown`, `roles.root_only`, `access.denied`, `access.grant_exceeds_own`,
 *   `connections.metadata_refused`, `connections.provider_unreachable`
 */
export async function addConnection(
  deps: Deps,
  caller: Caller,
  input: CreateConnection,
): Promise<ConnectionRow> {
  const kind = input.kind as ConnectionKind;
  checkMembers(kind, input);
  const roles = input.roles ?? [];
  if (roles.length > 0) await checkMayAssign(deps, caller);
  const own = kind === 'saml' ? await ofSaml(deps, input) : ofClient(deps, kind, input);
  return deps.doors.withTenant(caller.entered, async (tx) => {
    await checkMayMap(
      tx,
      caller.principal,
      roles.map(({ role }) => role),
      deps.clock.now(),
    );
    const id = newId();
    const written = own({ tenantId: tx.tenantId, id });
    const row = await insertConnection(tx, {
      id,
      kind,
      name: input.name,
      settings: {
        clientId: input.clientId ?? '',
        directoryId: input.directoryId ?? null,
        scopes: input.scopes ?? [],
        groupsClaim: input.groupsClaim ?? 'groups',
        roles,
        createUsers: input.createUsers ?? true,
        ...(written.saml && { saml: written.saml }),
      },
      issuer: written.issuer,
      secretSealed: written.secretSealed,
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

/** What differs by the kind of provider; it is sealed to the connection, whose id the transaction gives. */
type Written = (of: { tenantId: string; id: string }) => {
  issuer: string;
  secretSealed: string | null;
  saml?: SamlConnection;
};

async function ofSaml(deps: Deps, { saml }: CreateConnection): Promise<Written> {
  if (saml === undefined) throw fault('saml', 'must be named for a provider of the kind saml');
  const prepared = await prepareSaml(deps, saml);
  return (of) => writtenSaml(deps, of, undefined, prepared);
}

function ofClient(deps: Deps, kind: Exclude<ConnectionKind, 'saml'>, input: CreateConnection): Written {
  const { clientId, clientSecret, directoryId = null } = input;
  const issuer = issuerOf(kind, { issuer: input.issuer, directoryId });
  if (clientId === undefined) throw fault('clientId', `must be named for a provider of the kind ${kind}`);
  return (of) => ({
    issuer,
    secretSealed: clientSecret === undefined ? null : sealSecret(deps.sealer, of, clientSecret),
  });
}

/** The membership by which the caller acts: what roles are assigned to, here or in a tenant above. */
export const authorOf = ({ principal }: Caller): Author => ({
  tenantId: principal.tenantId,
  principalId: principal.principalId,
});
