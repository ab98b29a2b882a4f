import { getSystemRole, type SetupRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { ROOT_TENANT, type UserId } from '../../platform/ids.ts';
import { Told } from '../../platform/told.ts';
import { personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { grantFirstRole } from '../roles/index.ts';
import { insertUser } from '../people/index.ts';
import { loadTenantName } from './account.repo.ts';
import { hasAdministrator } from './first-administrator.repo.ts';
import { linkInvalid } from './links.ts';
import { checkNewPassword, hashNewPassword, type NewPasswordHash } from './new-password.ts';
import { type Ground, setPassword } from './set-password.ts';

const LINK_SECONDS = 24 * 3600;
const inRoot = enterOwn({ kind: 'system', tenantId: ROOT_TENANT, reason: 'first administrator' });
/** The subject of set-up tokens: one link is open at a time. */
const SETUP_SUBJECT = ROOT_TENANT;

/** True until the root tenant has an administrator. */
export const isSetupRequired = (deps: Pick<Deps, 'doors'>): Promise<boolean> =>
  deps.doors.withTenant(inRoot, async (tx) => !(await hasAdministrator(tx)));

/**
 * The same for the sign-in pages, which ask at every visit: where there is an administrator there always will be one, since
 * nobody takes the last one away, so that the database is asked until then only.
 */
export function askUntilSetUp(deps: Pick<Deps, 'doors'>): () => Promise<boolean> {
  let done = false;
  return async () => {
    done ||= !(await isSetupRequired(deps));
    return !done;
  };
}

/** A single-use link with which the first administrator is made; a new one ends those before. */
export function issueSetupLink(deps: Deps): Promise<string> {
  return deps.doors.withTenant(inRoot, async (tx) => {
    await deps.oneTimeTokens.revoke(tx, 'setup', SETUP_SUBJECT);
    const token = await deps.oneTimeTokens.issue(tx, 'setup', {
      subjectId: SETUP_SUBJECT,
      lifetimeSeconds: LINK_SECONDS,
    });
    return `${deps.config.publicUrl}/setup#token=${token}`;
  });
}

/** @throws {Problem} `auth.link_invalid`, `auth.setup_done`, what `checkNewPassword` and `hashNewPassword` throw */
export async function setUp(deps: Deps, input: SetupRequest, request: RequestContext): Promise<void> {
  const rules = await deps.tenantRules.get(ROOT_TENANT);
  const password = checkNewPassword(deps, rules.password, input.password);
  // Before the hash, so that a made-up link costs none.
  const tenantName = await deps.doors.withTenant(inRoot, async (tx) => {
    if ((await deps.oneTimeTokens.read(tx, 'setup', input.token)) === undefined) throw linkInvalid();
    return loadTenantName(tx);
  });
  const passwordHash = await hashNewPassword(deps, password, { ...input, tenantName });
  await deps.doors.withTenant(inRoot, async (tx) => {
    const spent = await deps.oneTimeTokens.consume(tx, 'setup', input.token);
    if (!spent) throw linkInvalid();
    const { email, name } = input;
    await createFirstAdministrator(
      deps,
      tx,
      { email, name, passwordHash, ground: { by: 'setup', spent } },
      request,
    );
  });
}

/** From the environment, at the first start. Does nothing once there is an administrator. */
export async function createConfiguredAdministrator(deps: Deps): Promise<boolean> {
  const { adminEmail: email, adminPassword } = deps.config;
  if (email === undefined || adminPassword === undefined) return false;
  // Asked first: the settings often stay for good, and a hash at every start would be one for nothing.
  if (!(await isSetupRequired(deps))) return false;
  const rules = await deps.tenantRules.get(ROOT_TENANT);
  const tenantName = await deps.doors.withTenant(inRoot, loadTenantName);
  const hash = async () =>
    hashNewPassword(deps, checkNewPassword(deps, rules.password, adminPassword), {
      email,
      name: email,
      tenantName,
    });
  const passwordHash = await hash().catch((error: unknown) => {
    if (!(error instanceof Problem)) throw error;
    throw new Told(`GATEHOUSE_ADMIN_PASSWORD is refused. ${error.message}`);
  });
  return deps.doors.withTenant(inRoot, async (tx) => {
    if (await hasAdministrator(tx)) return false;
    const ground = { by: 'configuration' } as const;
    await createFirstAdministrator(deps, tx, { email, name: email, passwordHash, ground }, undefined);
    return true;
  });
}

async function createFirstAdministrator(
  deps: Deps,
  tx: TenantTx,
  input: { email: string; name: string; passwordHash: NewPasswordHash; ground: Ground },
  request: RequestContext | undefined,
): Promise<UserId> {
  const now = deps.clock.now();
  const { email, name } = input;
  // Nobody has proved the address yet: it was typed on a page, or stands in the settings.
  const user = await insertUser(tx, { email, name, status: 'active', unproven: true, now });
  if (!user) throw new Problem('users.email_in_use');
  const self = { tenantId: tx.tenantId, id: user.id };
  const actor = { kind: 'system' } as const;
  await deps.audit.record(tx, {
    action: 'user_created',
    actor,
    resource: { type: 'user', id: user.id },
    after: { email: personal(self, email), name: personal(self, name), status: 'active' },
    request,
  });
  const { passwordHash, ground } = input;
  await setPassword(deps, tx, { user: { id: user.id, email }, passwordHash, ground, actor }, request);
  for (const role of ['PLATFORM_ADMIN', 'admin'] as const) {
    // The database refuses as soon as anybody else holds a role: of two set-ups at once one wins.
    if (!(await grantFirstRole(tx, user.principalId, getSystemRole(role).id, 'bootstrap', now)))
      throw new Problem('auth.setup_done');
    await deps.audit.record(tx, {
      action: 'role_assigned',
      actor,
      resource: { type: 'principal', id: user.principalId },
      after: { role, via: 'bootstrap' },
      request,
    });
  }
  return user.id;
}
