import {
  type Branding,
  DEFAULT_SETTINGS,
  type Logo,
  type PasswordRules,
  withSettings,
} from '@gatehouse/contracts';
import { LRUCache } from 'lru-cache';
import type { Doors } from '../../platform/database/index.ts';
import { isUuid, ROOT_TENANT } from '../../platform/ids.ts';
import { createLogoPictures } from './logo-pictures.ts';
import { mailSignInOf } from './sign-in-rules.ts';
import { type BrandingRow, findBranding, type LogoRow } from './logo.repo.ts';

/** What pages before sign-in, and mail, look like for a tenant. */
export interface Brand {
  /** Null where the tenant has set none of it: then not even its name is told. */
  branding: Branding | null;
  passwordRules: PasswordRules;
  mailSignIn: { link: boolean; code: boolean };
}

export interface Brands {
  /** By the tenant's id or slug, else by the client's tenant, else the root tenant's. */
  find(by: { tenant?: string | undefined; clientId?: string | undefined }): Promise<Brand>;
  /** The bytes of a logo, by its digest in hexadecimal. */
  findLogo(digest: string): Promise<Buffer | undefined>;
  forget(): void;
}

/** Milliseconds; a stranger's page may be a second behind, and a flood of them costs a statement a second. */
const REMEMBERED_MS = 1000;

export function createBrands({ doors }: { doors: Doors }): Brands {
  const known = new LRUCache<string, Brand>({ max: 1000, ttl: REMEMBERED_MS });
  const pictures = createLogoPictures({ doors });
  const load = async (by: { tenant: string | undefined; clientId: string | undefined }): Promise<Brand> => {
    const row = await findBranding(doors, by);
    const branding = row === undefined ? null : brandingOf(row);
    // SECURITY: a slug can be guessed, and an id cannot. Whoever guesses learns of no tenant that shows itself to nobody.
    const isNamed = branding !== null || (by.tenant !== undefined && isUuid(by.tenant));
    const { password, signIn } = withSettings(DEFAULT_SETTINGS, (isNamed && row?.settings) || {});
    const mailSignIn = mailSignInOf(signIn);
    if (branding !== null || by.tenant === ROOT_TENANT)
      return { branding, passwordRules: password, mailSignIn };
    const root = await find(ROOT_TENANT, undefined);
    if (!isNamed) return root;
    return { branding: root.branding, passwordRules: password, mailSignIn };
  };
  const find = async (tenant: string | undefined, clientId: string | undefined): Promise<Brand> => {
    const key = JSON.stringify([tenant, clientId]);
    const found = known.get(key) ?? (await load({ tenant, clientId }));
    known.set(key, found, { noUpdateTTL: true });
    return found;
  };
  return {
    find: ({ tenant, clientId }) => find(tenant, clientId),
    findLogo: pictures.find,
    forget() {
      known.clear();
      pictures.forget();
    },
  };
}

function brandingOf(row: BrandingRow): Branding | null {
  const { primaryColor, companyUrl } = withSettings(DEFAULT_SETTINGS, row.settings).branding;
  const { digest, width, height } = row;
  const logo =
    digest === null || width === null || height === null ? null : logoOf({ digest, width, height });
  if (logo === null && primaryColor === null && companyUrl === null) return null;
  return { name: row.name, logo, primaryColor, companyUrl };
}

export const logoOf = ({ digest, width, height }: LogoRow): Logo => ({
  url: `/api/v1/branding/logos/${digest.toString('hex')}.png`,
  width,
  height,
});
