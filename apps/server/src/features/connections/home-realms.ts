import { DEFAULT_SETTINGS, type OfferedConnection, withSettings } from '@gatehouse/contracts';
import { LRUCache } from 'lru-cache';
import type { Doors } from '../../platform/database/index.ts';
import { mailSignInOf } from '../settings/index.ts';
import { signInPathOf } from './connection-message.ts';
import { findOfferedConnections } from './connections.repo.ts';
import { findDomain } from './domains.repo.ts';
import { domainOf } from './vouching.ts';

/** Where the people of a domain sign in (home-realm discovery): told from the domain, and never from whether somebody exists. */
export interface HomeRealm {
  /** The tenant that proved the domain takes single sign-on only (spec W10). */
  restricted: boolean;
  /** By which mail the tenant lets its people in. */
  mail: { link: boolean; code: boolean };
  /** Where addresses of the domain are sent to, if anywhere. */
  connection: { id: string; name: string } | null;
}

export interface HomeRealms {
  /** Undefined where no tenant has proved the domain. */
  find(email: string): Promise<HomeRealm | undefined>;
  /** What a sign-in page offers: the platform's, and those of the tenant that is named by slug or id. */
  offered(tenant: string | undefined): Promise<OfferedConnection[]>;
  /** Settings were changed: what is remembered of them is out of date. */
  forget(): void;
}

/** Milliseconds: a flood of strangers costs a statement a second for each domain. */
const REMEMBERED_MS = 1000;

export function createHomeRealms({ doors }: { doors: Doors }): HomeRealms {
  const known = new LRUCache<string, { realm: HomeRealm | undefined }>({ max: 1000, ttl: REMEMBERED_MS });
  const pages = new LRUCache<string, OfferedConnection[]>({ max: 1000, ttl: REMEMBERED_MS });
  return {
    async offered(tenant) {
      const found = pages.get(tenant ?? '');
      if (found) return found;
      const rows = await findOfferedConnections(doors, tenant);
      const offered = rows.map((row) => ({
        id: row.id,
        kind: row.kind,
        name: row.name,
        signInPath: signInPathOf(row),
      }));
      pages.set(tenant ?? '', offered);
      return offered;
    },
    async find(email) {
      const domain = domainOf(email);
      const found = known.get(domain);
      if (found) return found.realm;
      const row = await findDomain(doors, domain);
      const rules = row && withSettings(DEFAULT_SETTINGS, row.settings).signIn;
      const realm = row &&
        rules && {
          restricted: rules.policy === 'restricted',
          mail: mailSignInOf(rules),
          connection:
            row.connection_id === null || row.connection_name === null
              ? null
              : { id: row.connection_id, name: row.connection_name },
        };
      known.set(domain, { realm });
      return realm;
    },
    forget: () => known.clear(),
  };
}
