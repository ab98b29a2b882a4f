import type { ConnectionTrial, TrialFault, TrialFinding } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { isAddress } from '../../../platform/email.ts';
import { HttpError } from '../../../platform/http-client/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import type { UserId } from '../../../platform/ids.ts';
import type { Deps } from '../../deps.ts';
import { hasSecondFactor } from '../../auth/index.ts';
import { isAuthorStanding } from '../../roles/index.ts';
import type { ConnectionRow } from '../connections.repo.ts';
import { isOwnDomain } from '../domains.repo.ts';
import { enterByIdentity } from '../enter-by-identity.ts';
import { type Entering, valuesOf } from '../entering.ts';
import { findIdentity, keyOf } from '../identities.repo.ts';
import { isTimeStated } from '../proof-before-enrolment.ts';
import { ProviderFault, type ProvedIdentity } from '../providers/provider.ts';
import { redeemAnswer, type Returned } from '../redeem-answer.ts';
import { domainOf, vouchingOf } from '../vouching.ts';
import { EndOfTrial } from './end-of-trial.ts';
import { shownClaims } from './shown-claims.ts';

export type Judgement = Omit<ConnectionTrial, 'connectionId' | 'triedAt' | 'enters'>;
type Finding = Judgement['findings'][number];

const NOTHING: Judgement = { findings: [], claims: [], identity: null, user: null, roles: [] };
const fault = (code: TrialFault, detail: string | null): Finding => ({ code, keepsOut: true, detail });
const note = (code: TrialFinding, detail: string | null = null): Finding => ({
  code,
  keepsOut: false,
  detail,
});

/** What a provider said of whoever came back, and what signing in would make of it; nothing of it happens. */
export async function judgeTrial(
  deps: Deps,
  returned: Returned,
  request: RequestContext,
): Promise<Judgement> {
  const notes = await notesOn(deps, returned.row);
  let redeemed: Awaited<ReturnType<typeof redeemAnswer>>;
  try {
    redeemed = await redeemAnswer(deps, returned);
  } catch (error) {
    return { ...NOTHING, findings: [faultOf(error), ...notes] };
  }
  const { row } = returned;
  const { identity } = redeemed;
  const judged = await enter(deps, { ...returned, ...redeemed }, request);
  const said = valuesOf(identity.claims[row.settings.groupsClaim]);
  const roles = row.settings.roles
    .filter(({ value }) => said.has(value))
    .map(({ value, role }) => ({ value, role, given: judged.held.includes(role) }));
  return {
    findings: [
      ...judged.faults,
      ...notes,
      ...(await notesOnTime(deps, row, { ...redeemed, user: judged.user })),
      ...notesOnMapping(row, identity, roles, judged),
    ],
    claims: shownClaims(identity.claims),
    identity: await describe(deps, row, identity),
    user: judged.user,
    roles,
  };
}

interface Entered {
  faults: Finding[];
  user: Judgement['user'];
  held: readonly string[];
}

/**
 * The very way of a real sign-in, as far as the session.
 *
 * SECURITY: `openFor` breaks every trial off inside the transaction that did it all, which is rolled back: no user, no link, no role,
 * no session, no record.
 */
async function enter(deps: Deps, entering: Entering, request: RequestContext): Promise<Entered> {
  const linked = await findIdentity(deps.doors, keyOf(entering));
  try {
    await enterByIdentity(deps, entering, request);
  } catch (error) {
    if (error instanceof EndOfTrial)
      return {
        faults: [],
        user: await userOf(deps, entering, error.userId, linked !== undefined),
        held: error.roles,
      };
    if (!(error instanceof Problem)) throw error;
    return { faults: [fault(error.code as TrialFault, null)], user: null, held: [] };
  }
  throw new Error('a trial opened a session');
}

async function userOf(
  deps: Deps,
  { row, identity }: Entering,
  userId: UserId,
  isLinked: boolean,
): Promise<Judgement['user']> {
  const found = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: row.tenant_id }), (tx) =>
    tx
      .selectFrom('users')
      .select('email')
      .where('tenant_id', '=', tx.tenantId)
      .where('id', '=', userId)
      .executeTakeFirst(),
  );
  // What the transaction made went with it.
  if (found === undefined) return { is: 'new', id: null, email: identity.email ?? null };
  return { is: isLinked ? 'linked' : 'found', id: userId, email: found.email };
}

function describe(deps: Deps, row: ConnectionRow, identity: ProvedIdentity): Promise<Judgement['identity']> {
  const email = identity.email?.trim();
  const plain = {
    issuer: identity.issuer,
    subject: identity.subject,
    email: email ?? null,
    name: identity.name ?? null,
    emailVerified: identity.emailVerified,
  };
  if (email === undefined || !isAddress(email))
    return Promise.resolve({ ...plain, emailCounts: false, links: false });
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: row.tenant_id }), async (tx) => {
    const isOwn = await isOwnDomain(tx, domainOf(email));
    const { proved, authoritative } = vouchingOf(deps.config, row, { ...identity, email }, isOwn);
    return { ...plain, emailCounts: proved, links: authoritative };
  });
}

/** @throws what is no fault of the provider */
function faultOf(error: unknown): Finding {
  if (error instanceof HttpError) return fault('provider.unreachable', error.message);
  if (!(error instanceof ProviderFault)) throw error;
  const { kind, reason, message } = error;
  if (kind === 'refused') return fault('provider.refused', message);
  if (reason === 'unreachable') return fault('provider.unreachable', message);
  if (reason === 'client') return fault('provider.client_refused', message);
  return fault(reason === 'code' ? 'provider.code_refused' : 'provider.answer_invalid', message);
}

async function notesOn(deps: Deps, row: ConnectionRow): Promise<Finding[]> {
  const author = row.author_tenant_id !== null &&
    row.author_principal_id !== null && {
      tenantId: row.author_tenant_id,
      principalId: row.author_principal_id,
    };
  const home = enterOwn({ kind: 'claim', tenantId: row.tenant_id });
  const stands =
    author && (await deps.doors.withTenant(home, (tx) => isAuthorStanding(tx, author, deps.clock.now())));
  return [
    ...(row.status === 'disabled' ? [note('connection.disabled')] : []),
    ...(stands ? [] : [note('author.gone')]),
  ];
}

/**
 * It was asked, and did not say: whoever comes by it does nothing that asks for a recent proof, unless they prove it otherwise
 * (docs/adr/0078); and where it states times by its own word, nobody sets up the factor by it that the tenant demands (docs/adr/0082).
 */
async function notesOnTime(
  deps: Deps,
  row: ConnectionRow,
  { identity, provider, user }: Pick<Entering, 'identity' | 'provider'> & { user: Judgement['user'] },
): Promise<Finding[]> {
  if (identity.provedAt !== undefined) return [];
  if (!isTimeStated(provider, row)) return [note('provider.time_unsaid')];
  const { mfa } = await deps.tenantRules.get(row.tenant_id);
  const hasFactor = (id: string) =>
    deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: row.tenant_id }), (tx) =>
      hasSecondFactor(tx, id as UserId),
    );
  const keepsOut = mfa.policy === 'mandatory' && !(user?.id != null && (await hasFactor(user.id)));
  return [{ ...note('provider.time_withheld'), keepsOut }];
}

function notesOnMapping(
  { settings }: ConnectionRow,
  { claims }: ProvedIdentity,
  roles: Judgement['roles'],
  { user }: Entered,
): Finding[] {
  if (settings.roles.length === 0) return [];
  if (claims[settings.groupsClaim] === undefined)
    return [note('claims.groups_missing', settings.groupsClaim)];
  if (roles.length === 0) return [note('mapping.unmatched')];
  const missing = roles.filter(({ given }) => !given).map(({ role }) => role);
  return user !== null && missing.length > 0 ? [note('mapping.not_given', missing.join(', '))] : [];
}
