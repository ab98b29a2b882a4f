import { enterOwn, enterTenant, type UserPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey, isAddress } from '../../platform/email.ts';
import { Problem } from '../../platform/http/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import { Told } from '../../platform/told.ts';
import { personal } from '../audit/index.ts';
import { importPassword } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { insertUser } from '../people/index.ts';
import { grant } from '../roles/index.ts';
import { checkEmailDomain } from '../settings/index.ts';
import { checkGranterMayActIn, getGranter } from './granter.ts';
import { type ImportLine, LineFault, type LineOptions, readLine } from './import-line.ts';
import { readLines } from './read-lines.ts';
import { apart, loadActiveTenant, loadPresent, loadUnknownRoles } from './user-import.repo.ts';

export interface ImportOptions extends LineOptions {
  file: string;
  dryRun: boolean;
  /** The address of an administrator, in whose name roles are given. */
  grantedBy: string | undefined;
  /** Ends the import between two batches. */
  signal: AbortSignal;
  onFault(line: number, fault: string): void;
  onProgress(so: ImportTotals): void;
}

export interface ImportTotals {
  lines: number;
  imported: number;
  /** Users whom the tenant had already: left as they are, so that an import can be run again. */
  present: number;
  faults: number;
  /** False where a signal ended it before the end of the file. */
  whole: boolean;
}

interface Numbered {
  number: number;
  line: ImportLine;
}

const BATCH = 100;

/**
 * Imports users with the hashes of another system (spec W1): each user with record, password and roles, or not at all. Lines of
 * a tenant that follow each other are one transaction, up to a hundred; a line that fails leaves the others be. A dry run does
 * all but the writing.
 *
 * @throws {Told} for what is wrong with the options
 */
export async function importUsers(deps: Deps, options: ImportOptions): Promise<ImportTotals> {
  const granter = options.grantedBy === undefined ? undefined : await getGranter(deps, options.grantedBy);
  const totals: ImportTotals = { lines: 0, imported: 0, present: 0, faults: 0, whole: true };
  const checkTenant = rememberTenants(deps, granter);
  const seen = new Set<string>();
  const fault = (number: number, error: unknown): void => {
    totals.faults += 1;
    options.onFault(number, sayFault(error));
  };
  const finish = async (batch: Numbered[]): Promise<void> => {
    if (batch.length > 0) await importBatch(deps, batch, { granter, totals, fault, dryRun: options.dryRun });
    options.onProgress(totals);
  };
  let batch: Numbered[] = [];
  for await (const { number, text } of readLines(options.file)) {
    if (options.signal.aborted) return { ...totals, whole: false };
    totals.lines += 1;
    try {
      if (text === undefined) throw new LineFault('longer than 64 kB');
      const line = readLine(text, options);
      if (!isAddress(line.email)) throw new LineFault('email: one email address');
      const key = `${line.tenantId} ${emailKey(line.email)}`;
      if (seen.has(key)) throw new LineFault('email: an earlier line has it');
      await checkTenant(line);
      seen.add(key);
      if (batch.length === BATCH || (batch[0] && batch[0].line.tenantId !== line.tenantId)) {
        await finish(batch);
        batch = [];
      }
      batch.push({ number, line });
    } catch (error) {
      fault(number, error);
    }
  }
  await finish(batch);
  return totals;
}

interface BatchContext {
  granter: UserPrincipal | undefined;
  totals: ImportTotals;
  fault(number: number, error: unknown): void;
  dryRun: boolean;
}

async function importBatch(deps: Deps, batch: readonly Numbered[], context: BatchContext): Promise<void> {
  const tenantId = (batch[0] as Numbered).line.tenantId;
  // As the granter, where roles are given: records of it are sealed under the granter's key, which lies at home.
  const own = enterOwn({ kind: 'system', tenantId, reason: 'import of users' });
  const inside =
    context.granter && batch.some(({ line }) => line.roles.length > 0)
      ? await enterTenant(context.granter, tenantId, deps.doors)
      : own;
  const faults: [number, unknown][] = [];
  let [imported, known] = [0, 0];
  await deps.doors.withTenant(inside, async (tx) => {
    const present = await loadPresent(
      tx,
      batch.map(({ line }) => line.email),
    );
    for (const { number, line } of batch) {
      if (present.has(emailKey(line.email))) known += 1;
      else if (context.dryRun) imported += 1;
      else
        try {
          await apart(tx, () => importUser(deps, tx, line, context.granter));
          imported += 1;
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          faults.push([number, error]);
        }
    }
  });
  // Counted when it is committed, and not before.
  context.totals.imported += imported;
  context.totals.present += known;
  for (const [number, error] of faults) context.fault(number, error);
}

/**
 * One user. An address that was not proved where it comes from enters nothing here either: its user is invited, without the
 * password, which may be a stranger's (threat 23).
 */
async function importUser(
  deps: Deps,
  tx: TenantTx,
  { email, name, emailVerified, roles, passwordHash }: ImportLine,
  granter: UserPrincipal | undefined,
): Promise<void> {
  const now = deps.clock.now();
  const status = emailVerified ? 'active' : 'invited';
  const user = await insertUser(tx, { email, name, status, now });
  if (!user) throw new Problem('users.email_in_use', { detail: 'The address enters an account elsewhere.' });
  const self = { tenantId: tx.tenantId, id: user.id };
  const keepsPassword = emailVerified && passwordHash !== undefined;
  await deps.audit.record(tx, {
    action: 'user_created',
    actor: { kind: 'system' },
    resource: { type: 'user', id: user.id },
    after: {
      email: personal(self, email),
      name: personal(self, name),
      status,
      by: 'import',
      password: keepsPassword,
      roles,
    },
    request: undefined,
  });
  if (keepsPassword) await importPassword(deps, tx, user.id, passwordHash);
  for (const role of roles)
    await grant(deps, tx, granter as UserPrincipal, { principalId: user.principalId, role }, undefined);
}

/** What of a line only the database knows, asked once for each tenant and its roles. */
function rememberTenants(deps: Deps, granter: UserPrincipal | undefined) {
  const tenants = new Map<TenantId, Promise<boolean>>();
  const unknownRoles = new Map<string, Promise<string[]>>();
  const mayGrant = new Map<TenantId, Promise<void>>();
  const inside = (tenantId: TenantId) => enterOwn({ kind: 'system', tenantId, reason: 'import of users' });
  return async ({ tenantId, email, roles }: ImportLine): Promise<void> => {
    const isActive =
      tenants.get(tenantId) ??
      deps.doors.withTenant(inside(tenantId), async (tx) => (await loadActiveTenant(tx)) !== undefined);
    tenants.set(tenantId, isActive);
    if (!(await isActive)) throw new LineFault('tenant: no active tenant has this id');
    checkEmailDomain(await deps.tenantRules.get(tenantId), email);
    if (roles.length === 0) return;
    if (granter === undefined)
      throw new LineFault('roles: name by --granted-by the administrator in whose name they are given');
    const allowed = mayGrant.get(tenantId) ?? checkGranterMayActIn(deps, granter, tenantId);
    allowed.catch(() => undefined);
    mayGrant.set(tenantId, allowed);
    await allowed;
    for (const role of roles) {
      const key = `${tenantId} ${role}`;
      const unknown =
        unknownRoles.get(key) ??
        deps.doors.withTenant(inside(tenantId), (tx) => loadUnknownRoles(tx, [role]));
      unknownRoles.set(key, unknown);
      if ((await unknown).length > 0) throw new LineFault('roles: the tenant has no role of this name');
    }
  };
}

/** SECURITY: nothing of the line itself, which may hold a hash where it does not belong. */
function sayFault(error: unknown): string {
  if (error instanceof LineFault || error instanceof Told) return error.message;
  throw error;
}
