import type { AddPasskeyRequest, PasskeyCreationOptions } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { PASSKEY_ALGORITHMS, verifyNewPasskey } from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import type { Deps } from '../../deps.ts';
import type { Owner } from '../sealed-credentials.ts';
import { completeAdding, type ConfirmedFactor } from '../second-factor/factor-added.ts';
import {
  CHALLENGE_SECONDS,
  challengeOf,
  isOpenChallenge,
  issueChallenge,
  spendChallenge,
  tokenIn,
} from './challenge.ts';
import { insertPasskey, loadPasskeys } from './passkeys.repo.ts';
import { getRelyingParty } from './relying-party.ts';
import { describePasskeys, passkeyIndex, sealPasskey, userHandle } from './stored-passkey.ts';

const MOST = 10;

/**
 * What a browser makes a passkey by. One that verifies its user and is found without an address, each of them: so every passkey is a
 * way in as well as a second factor, and there is one rule for both (ADR 0072).
 *
 * @throws {Problem} `factors.passkeys_unavailable`
 */
export async function beginPasskey(
  deps: Deps,
  tx: TenantTx,
  owner: Owner & { email: string },
  by: string,
): Promise<PasskeyCreationOptions> {
  const { id, name } = getRelyingParty(deps.config);
  const { userId, email } = owner;
  return {
    challenge: await issueChallenge(deps, tx, 'new-passkey', { userId, by }),
    timeout: CHALLENGE_SECONDS * 1000,
    rp: { id, name },
    user: { id: userHandle(deps, owner), name: email, displayName: email },
    pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: describePasskeys(deps, owner, await loadPasskeys(tx, userId)),
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    attestation: 'none',
  };
}

/**
 * Judges a passkey that a browser has made, before anything is spent.
 *
 * @throws {Problem} `auth.link_invalid` for a challenge that is over or somebody else's, `factors.passkey_unusable`
 */
export async function confirmPasskey(
  deps: Deps,
  owner: Owner,
  { passkey, label }: AddPasskeyRequest,
  by: string,
  request: RequestContext,
): Promise<ConfirmedFactor> {
  const { id: rpId, origin } = getRelyingParty(deps.config);
  const token = tokenIn(passkey);
  const home = enterOwn({ kind: 'claim', tenantId: owner.tenantId });
  const asker = { userId: owner.userId, by };
  const isOpen = await deps.doors.withTenant(home, (tx) =>
    isOpenChallenge(deps, tx, 'new-passkey', token, asker),
  );
  if (!isOpen) throw enrolmentOver();
  const made = await verifyNewPasskey(passkey, { challenge: challengeOf(token), origin, rpId });
  if (made === undefined) throw unusable();
  const { id, publicKey, counter } = made;
  const { transports = [] } = passkey.response;
  const add: ConfirmedFactor['add'] = async (tx, of) => {
    if (!(await spendChallenge(deps, tx, 'new-passkey', token))) throw enrolmentOver();
    if ((await loadPasskeys(tx, of.userId)).length >= MOST)
      throw new Problem('factors.too_many', { detail: `Remove one of the ${MOST} passkeys first.` });
    const stored = {
      index: passkeyIndex(deps, id),
      secretSealed: sealPasskey(deps, of, { id, publicKey, transports }),
      label: label ?? null,
      counter,
    };
    const credentialId = await insertPasskey(tx, of.userId, stored, deps.clock.now());
    if (credentialId === undefined) throw unusable();
    return completeAdding(deps, tx, of, { id: credentialId, kind: 'passkey' }, request);
  };
  return { amr: 'pop', add };
}

const enrolmentOver = () =>
  new Problem('auth.link_invalid', { detail: 'Begin again: this passkey can no longer be confirmed.' });

const unusable = () =>
  new Problem('factors.passkey_unusable', {
    detail: 'It must be new, made for this site, and unlocked by you: by a PIN, a fingerprint or the like.',
  });
