import { getSystemRole, type SetupRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { ROOT_TENANT, type UserId } from '../../platform/ids.ts';
import { personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { grantFirstRole } from '../roles/index.ts';
import { insertUser } from '../people/index.ts';
import { writePassword } from './credentials.repo.ts';
import { hasAdministrator } from './first-administrator.repo.ts';
import { checkNewPassword } from './password-rules.ts';
import { linkInvalid } from './register.ts';
import { sealPassword } from './sealed-password.ts';

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

/** @throws {Problem} `auth.link_invalid`, `auth.setup_done`, `password.too_weak`, `password.too_long` */
export async function setUp(deps: Deps, input: SetupRequest, request: RequestContext): Promise<void> {
  checkNewPassword(input.password);
  // Before the hash, so that a made-up link costs none.
  const open = await deps.doors.withTenant(inRoot, (tx) => deps.oneTimeTokens.read(tx, 'setup', input.token));
  if (open === undefined) throw linkInvalid();
  const passwordHash = await deps.passwords.hash(input.password);
  await deps.doors.withTenant(inRoot, async (tx) => {
    if (!(await deps.oneTimeTokens.consume(tx, 'setup', input.token))) throw linkInvalid();
    await createFirstAdministrator(deps, tx, { ...input, passwordHash }, request);
  });
}

/** From the environment, at the first start. Does nothing once there is an administrator. */
export async function createConfiguredAdministrator(deps: Deps): Promise<boolean> {
  const { adminEmail: email, adminPassword: password } = deps.config;
  if (email === undefined || password === undefined) return false;
  try {
    checkNewPassword(password);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.code, { detail: `GATEHOUSE_ADMIN_PASSWORD: ${error.message}` });
  }
  const passwordHash = await deps.passwords.hash(password);
  return deps.doors.withTenant(inRoot, async (tx) => {
    if (await hasAdministrator(tx)) return false;
    await createFirstAdministrator(deps, tx, { email, name: email, passwordHash }, undefined);
    return true;
  });
}

async function createFirstAdministrator(
  deps: Deps,
  tx: TenantTx,
  input: { email: string; name: string; passwordHash: string },
  request: RequestContext | undefined,
): Promise<UserId> {
  const now = deps.clock.now();
  const user = await insertUser(tx, { email: input.email, name: input.name, status: 'active', now });
  if (!user) throw new Problem('users.email_in_use');
  await writePassword(
    tx,
    user.id,
    sealPassword(deps.sealer, { tenantId: tx.tenantId, userId: user.id }, input.passwordHash),
    now,
  );
  const self = { tenantId: tx.tenantId, id: user.id };
  const actor = { kind: 'system' } as const;
  await deps.audit.record(tx, {
    action: 'user_created',
    actor,
    resource: { type: 'user', id: user.id },
    after: { email: personal(self, input.email), name: personal(self, input.name), status: 'active' },
    request,
  });
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
