import { type ImportFault, isRoleName } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey, isAddress } from '../../platform/email.ts';
import type { CallingPrincipal } from '../../platform/access/index.ts';
import { listAddressesTaken, loadUserRoomBeside } from '../people/index.ts';
import { faultOfGrant, loadRoleByName } from '../roles/index.ts';
import { countOpenInvitations, listAddressesInvited } from './invitations.repo.ts';
import { faultAt, type ImportLine, type ReadImport } from './read-import.ts';

const ROLES_OF_A_LINE = 20;

export interface JudgedImport {
  /** Lines that can be invited as they are. */
  good: ImportLine[];
  faults: ImportFault[];
}

/**
 * What is wrong with a file of invitations, line by line, for this inviter and in the entered tenant as it is now.
 *
 * SECURITY: of an address is said whether it is a user's of this tenant or invited here, which the inviter can list, and nothing else:
 * whether it has an account is not looked up (threat 51).
 */
export async function judgeImport(
  tx: TenantTx,
  { lines, faults: ofReading }: ReadImport,
  inviter: CallingPrincipal,
  { most, now }: { most: number; now: Date },
): Promise<JudgedImport> {
  const faults = [...ofReading];
  const keyed = lines.map((each) => ({
    ...each,
    key: isAddress(each.email) ? emailKey(each.email) : undefined,
  }));
  const keys = keyed.flatMap(({ key }) => key ?? []);
  const [taken, invited] = [await listAddressesTaken(tx, keys), await listAddressesInvited(tx, keys, now)];
  const faultOfRole = await judgeRoles(tx, inviter, lines, now);
  const seen = new Set<string>();
  const good: ImportLine[] = [];
  let room = (await loadUserRoomBeside(tx, await countOpenInvitations(tx, now))) ?? Infinity;
  for (const [at, { key, ...each }] of keyed.entries()) {
    const { line, email, roles } = each;
    const found: ImportFault[] = [];
    const about = (code: ImportFault['code']) => found.push(faultAt(line, 'email', code, email));
    if (at >= most) found.push(faultAt(line, null, 'too_many_lines'));
    else if (key === undefined) about('email_invalid');
    else if (seen.has(key)) about('email_twice');
    else if (taken.has(key)) about('email_member');
    else if (invited.has(key)) about('email_invited');
    if (key !== undefined) seen.add(key);
    for (const [index, role] of roles.entries()) {
      const fault = index >= ROLES_OF_A_LINE ? 'role_unknown' : faultOfRole.get(role);
      if (fault !== undefined) found.push(faultAt(line, 'roles', fault, role));
    }
    if (found.length === 0 && room <= 0) about('over_limit');
    if (found.length === 0) {
      good.push(each);
      room -= 1;
    }
    faults.push(...found);
  }
  return { good, faults: faults.sort((one, other) => one.line - other.line) };
}

/** Each role once, however many lines name it. */
async function judgeRoles(
  tx: TenantTx,
  inviter: CallingPrincipal,
  lines: readonly ImportLine[],
  now: Date,
): Promise<Map<string, ImportFault['code']>> {
  const faults = new Map<string, ImportFault['code']>();
  const mayAssign = inviter.permissions.has('roles:assign');
  // No catalog of roles is as long: of a file of made-up names most are not even looked up.
  const names = [...new Set(lines.flatMap(({ roles }) => roles.slice(0, ROLES_OF_A_LINE)))];
  for (const [at, name] of names.entries()) {
    const role = at < 200 && isRoleName(name) ? await loadRoleByName(tx, name) : undefined;
    const fault = await faultOfGrant(tx, inviter, role, now);
    if (fault === 'unknown' || fault === 'root_only') faults.set(name, `role_${fault}`);
    else if (fault === 'beyond_own' || !mayAssign) faults.set(name, 'role_beyond_own');
  }
  return faults;
}
