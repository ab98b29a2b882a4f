import type { ConnectionKind } from '@gatehouse/contracts';
import type { Config } from '../../config/index.ts';
import { enterOwn } from '../../platform/access/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { GITHUB, GOOGLE, microsoftIssuer } from './connection-rules.ts';
import {
  type ConnectionRow,
  endSessionsOfConnection,
  loadConnection,
  writePlatformConnection,
} from './connections.repo.ts';

type PlatformKind = Exclude<ConnectionKind, 'oidc' | 'saml'>;

/** Fixed, so that identities find their connection again whatever the settings say meanwhile. */
export const PLATFORM_CONNECTIONS: Readonly<Record<PlatformKind, string>> = {
  google: '00000000-0000-7000-8000-00000000c001',
  github: '00000000-0000-7000-8000-00000000c002',
  microsoft: '00000000-0000-7000-8000-00000000c003',
};
const NAMES: Readonly<Record<PlatformKind, string>> = {
  google: 'Google',
  github: 'GitHub',
  microsoft: 'Microsoft',
};
export const PLATFORM_KINDS = Object.keys(PLATFORM_CONNECTIONS) as PlatformKind[];

/** One of the three by its id; their rows lie in the root tenant, which the people of others do not see. */
export function platformConnection(id: string): { kind: PlatformKind; name: string } | undefined {
  const kind = PLATFORM_KINDS.find((each) => PLATFORM_CONNECTIONS[each] === id);
  return kind && { kind, name: NAMES[kind] };
}

/** What the settings say of one of the three; undefined where they say nothing. */
export function configuredProvider(
  config: Config,
  kind: ConnectionKind,
): { clientId: string; clientSecret: string; directoryId: string | null } | undefined {
  const [clientId, clientSecret] = {
    google: [config.googleClientId, config.googleClientSecret],
    github: [config.githubClientId, config.githubClientSecret],
    microsoft: [config.microsoftClientId, config.microsoftClientSecret],
    oidc: [undefined, undefined],
    saml: [undefined, undefined],
  }[kind];
  if (clientId === undefined || clientSecret === undefined) return undefined;
  return {
    clientId,
    clientSecret,
    directoryId: kind === 'microsoft' ? (config.microsoftTenantId ?? null) : null,
  };
}

export const isConfigured = (config: Config, row: Pick<ConnectionRow, 'scope' | 'kind'>): boolean =>
  row.scope === 'platform' && configuredProvider(config, row.kind) !== undefined;

/**
 * Makes the platform's connections what the settings say, at each start. One that is named no more is out of service, and so are
 * the sessions that it opened.
 */
export async function createConfiguredConnections(deps: Deps): Promise<void> {
  const { config, clock } = deps;
  const inRoot = enterOwn({ kind: 'system', tenantId: ROOT_TENANT, reason: 'connections of the settings' });
  for (const kind of PLATFORM_KINDS) {
    const id = PLATFORM_CONNECTIONS[kind];
    const configured = configuredProvider(config, kind);
    await deps.doors.withTenant(inRoot, async (tx) => {
      const now = clock.now();
      const before = await loadConnection(tx, id);
      if (configured === undefined && before?.status !== 'enabled') return;
      const changed = await writePlatformConnection(tx, {
        id,
        kind,
        name: NAMES[kind],
        issuer: {
          google: GOOGLE,
          github: GITHUB,
          microsoft: microsoftIssuer(configured?.directoryId ?? null),
        }[kind],
        settings: {
          clientId: configured?.clientId ?? before?.settings.clientId ?? '',
          directoryId: configured?.directoryId ?? null,
          scopes: [],
          groupsClaim: 'groups',
          roles: [],
          createUsers: true,
        },
        secretSealed: null,
        author: null,
        status: configured === undefined ? 'disabled' : 'enabled',
        now,
      });
      if (!changed) return;
      const endedSessions =
        configured === undefined ? await endSessionsOfConnection(tx, id, 'connection disabled', now) : 0;
      await deps.audit.record(tx, {
        action: configured === undefined ? 'connection_disabled' : 'connection_enabled',
        actor: { kind: 'system' },
        resource: { type: 'connection', id },
        after: { kind, by: 'settings', endedSessions },
        request: undefined,
      });
    });
  }
}
