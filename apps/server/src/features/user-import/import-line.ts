import { isEmail, isName } from '@gatehouse/contracts';
import { HashFault, readStoredHash } from '../../platform/crypto/index.ts';
import { isUuid, type TenantId } from '../../platform/ids.ts';
import { type FirebaseParameters, hashOfLine } from './hash-forms.ts';

/** One user of an import, checked as far as it can be without the database. */
export interface ImportLine {
  tenantId: TenantId;
  email: string;
  name: string;
  emailVerified: boolean;
  roles: string[];
  /** In a form that sign-in compares with; undefined for who has none. */
  passwordHash: string | undefined;
}

/** What is wrong with a line. SECURITY: it never repeats what the line says of the password. */
export class LineFault extends Error {}

export interface LineOptions {
  /** For lines that name no tenant. */
  tenant: string | undefined;
  firebase: FirebaseParameters | undefined;
}

const MEMBERS = new Set([
  'tenant',
  'email',
  'name',
  'email_verified',
  'roles',
  'password_hash',
  'password_salt',
  'custom_password_hash',
]);
const MOST_ROLES = 20;

/** @throws {LineFault} */
export function readLine(text: string, options: LineOptions): ImportLine {
  const line = objectOf(text);
  const unknown = Object.keys(line).find((member) => !MEMBERS.has(member));
  // The name of the member only where it can be no value that slipped.
  if (unknown !== undefined)
    throw new LineFault(
      /^[A-Za-z_]{1,40}$/.test(unknown) ? `${unknown}: there is no such member` : 'a member is unknown',
    );
  const { email, name = email, email_verified: emailVerified = false, roles = [] } = line;
  const tenant = line.tenant ?? options.tenant;
  if (typeof tenant !== 'string' || !isUuid(tenant))
    throw new LineFault('tenant: the id of a tenant, here or by --tenant');
  if (typeof email !== 'string' || !isEmail(email)) throw new LineFault('email: one email address');
  if (typeof name !== 'string' || !isName(name)) throw new LineFault('name: 1 to 200 visible characters');
  if (typeof emailVerified !== 'boolean') throw new LineFault('email_verified: true or false');
  if (!Array.isArray(roles) || roles.length > MOST_ROLES || !roles.every((role) => typeof role === 'string'))
    throw new LineFault(`roles: a list of at most ${MOST_ROLES} names`);
  return {
    tenantId: tenant as TenantId,
    email,
    name,
    emailVerified,
    roles: [...new Set<string>(roles)],
    passwordHash: checkedHash(line, options),
  };
}

function checkedHash(line: Record<string, unknown>, options: LineOptions): string | undefined {
  try {
    const hash = hashOfLine(line, options.firebase);
    if (hash !== undefined) readStoredHash(hash);
    return hash;
  } catch (error) {
    if (error instanceof HashFault) throw new LineFault(`password: ${error.message}`);
    throw error;
  }
}

function objectOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What the parser says repeats a part of the line.
    throw new LineFault('not JSON: one object on each line');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new LineFault('not an object');
  return value as Record<string, unknown>;
}
