import type { NewTotp } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { describeTotp, newTotpSecret, totpStepOf } from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import type { PasswordOwner } from '../own-password.ts';
import type { Deps } from '../../deps.ts';
import { type Owner, sealSecret } from '../sealed-credentials.ts';
import { completeAdding, type ConfirmedFactor } from './factor-added.ts';
import { insertTotp, listFactors } from './factors.repo.ts';
import { WAITS } from './pending-sign-in.ts';
import { qrPath } from './qr.ts';

const MOST = 5;

/** A new secret for an authenticator app. It is nobody's factor before a code has come back (`addTotp`). */
export async function beginTotp(
  deps: Deps,
  tx: TenantTx,
  owner: Owner & { email: string },
): Promise<NewTotp> {
  const secret = newTotpSecret();
  const issuer = deps.config.mfaIssuer ?? deps.config.name;
  const { secret: text, uri } = describeTotp(secret, { issuer, label: owner.email });
  const token = await deps.oneTimeTokens.issue(tx, 'new-totp', {
    subjectId: owner.userId,
    payload: { secret: secret.toString('base64url') },
    lifetimeSeconds: WAITS.enrolment,
  });
  return { enrolment_token: token, secret: text, otpauth_uri: uri, qr: qrPath(uri) };
}

export interface NewFactor {
  enrolment_token: string;
  totp_code: string;
  label?: string;
}

/**
 * Compares the first code of a new secret, before anything is spent: a slip costs nothing. Guesses are not counted, since whoever
 * holds the token has seen the secret.
 *
 * @throws {Problem} `auth.link_invalid` for an enrolment that is over or somebody else's, `factors.code_wrong`
 */
export async function confirmTotp(
  deps: Deps,
  owner: Owner,
  input: NewFactor,
  request: RequestContext,
): Promise<ConfirmedFactor> {
  const home = enterOwn({ kind: 'claim', tenantId: owner.tenantId });
  const open = await deps.doors.withTenant(home, (tx) =>
    deps.oneTimeTokens.read(tx, 'new-totp', input.enrolment_token),
  );
  if (open?.subjectId !== owner.userId) throw enrolmentOver();
  const secret = Buffer.from((open.payload as { secret: string }).secret, 'base64url');
  const step = totpStepOf(secret, input.totp_code, deps.clock.now());
  if (step === undefined)
    throw new Problem('factors.code_wrong', {
      detail:
        'Enter the code that your app shows now. If it is never right, look whether your device knows the time.',
    });
  const confirmed = { token: input.enrolment_token, secret, step, label: input.label ?? null };
  return { amr: 'otp', add: (tx, of) => addTotp(deps, tx, of, confirmed, request) };
}

const enrolmentOver = () =>
  new Problem('auth.link_invalid', { detail: 'Begin again: this secret can no longer be confirmed.' });

/** Adds the app; its first code is spent by that. */
async function addTotp(
  deps: Deps,
  tx: TenantTx,
  owner: PasswordOwner,
  { token, secret, step, label }: { token: string; secret: Buffer; step: number; label: string | null },
  request: RequestContext,
): Promise<string[] | undefined> {
  const { userId } = owner;
  const spent = await deps.oneTimeTokens.consume(tx, 'new-totp', token);
  if (spent?.subjectId !== userId) throw enrolmentOver();
  const held = await listFactors(tx, userId);
  if (held.filter(({ kind }) => kind === 'totp').length >= MOST)
    throw new Problem('factors.too_many', { detail: `Remove one of the ${MOST} authenticator apps first.` });
  const secretSealed = sealSecret(deps.sealer, 'totp', owner, secret);
  const id = await insertTotp(tx, userId, { secretSealed, label, lastStep: step }, deps.clock.now());
  return completeAdding(deps, tx, owner, { id, kind: 'totp' }, request);
}
