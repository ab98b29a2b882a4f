import { Problem } from '../../platform/http/index.ts';
import type { ConnectionKind } from '@gatehouse/contracts';
import type { ConnectionRow } from './connections.repo.ts';

export const GOOGLE = 'https://accounts.google.com';
export const GITHUB = 'https://github.com';
const MICROSOFT = 'https://login.microsoftonline.com';

/** The issuer of Entra ID: of one directory, or of whichever the person is of. */
export const microsoftIssuer = (directoryId: string | null): string =>
  `${MICROSOFT}/${directoryId ?? 'organizations'}/v2.0`;

/**
 * Where a connection's provider is: named for `oidc`, known for the others.
 *
 * @throws {Problem} `request.invalid`
 */
export function issuerOf(
  kind: Exclude<ConnectionKind, 'saml'>,
  { issuer, directoryId }: { issuer: string | undefined; directoryId: string | null },
): string {
  // That of SAML is the entity id (saml/saml-settings.ts).
  if (kind === 'oidc') {
    if (issuer === undefined) throw fault('issuer', 'must be named for a provider of the kind oidc');
    checkIssuer(issuer);
  } else if (issuer !== undefined) throw fault('issuer', `is not to be named: that of ${kind} is known`);
  if (kind === 'microsoft') {
    // SECURITY: without it, everybody's directory would be the tenant's own: anybody can make one.
    if (directoryId === null) throw fault('directoryId', 'must name the directory of Entra ID');
  } else if (directoryId !== null) throw fault('directoryId', 'is of Entra ID alone');
  return { oidc: issuer ?? '', google: GOOGLE, github: GITHUB, microsoft: microsoftIssuer(directoryId) }[
    kind
  ];
}

/** SECURITY: an issuer is compared character by character, so that it has one spelling only: the one that a browser makes of it. */
function checkIssuer(issuer: string): void {
  const url = URL.parse(issuer);
  if (url === null || (url.href !== issuer && url.href !== `${issuer}/`))
    throw fault('issuer', 'must be written as a browser reads it');
}

/**
 * A provider of a known kind has given its client a secret.
 *
 * @throws {Problem} `connections.incomplete`
 */
export function checkComplete(row: Pick<ConnectionRow, 'kind' | 'secret_sealed'>): void {
  if (row.kind !== 'oidc' && row.kind !== 'saml' && row.secret_sealed === null)
    throw new Problem('connections.incomplete', { detail: 'Set the client secret first.' });
}

export const fault = (field: string, message: string) =>
  new Problem('request.invalid', {
    detail: `body/${field} ${message}.`,
    errors: [{ path: `body/${field}`, message }],
  });
