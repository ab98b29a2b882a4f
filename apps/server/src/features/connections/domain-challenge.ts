import { Resolver } from 'node:dns/promises';
import type { TenantDomain } from '@gatehouse/contracts';
import type { DomainRow } from './domains.repo.ts';

/** Asks the domain name system; replaced in tests, like the last hop of mail. */
export interface Dns {
  /** The texts of a name; none where there is none. */
  resolveTxt(name: string): Promise<string[][]>;
}

/** The records of the public domain name system, by the resolvers of this machine. */
export function createDns(): Dns {
  const resolver = new Resolver({ timeout: 3000, tries: 2 });
  return {
    resolveTxt: (name) =>
      resolver.resolveTxt(name).catch((error: unknown) => {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
        throw error;
      }),
  };
}

/** The record that proves a domain. */
export const recordOf = ({ domain, challenge }: Pick<DomainRow, 'domain' | 'challenge'>) => ({
  name: `_gatehouse-challenge.${domain}`,
  value: `gatehouse-domain-verification=${challenge}`,
});

/** A domain as the API shows it. */
export const domainOf = (row: DomainRow): TenantDomain => ({
  id: row.id,
  tenantId: row.tenant_id,
  domain: row.domain,
  status: row.verified_at === null ? 'pending' : 'verified',
  record: recordOf(row),
  connectionId: row.connection_id,
  verifiedAt: row.verified_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
});
