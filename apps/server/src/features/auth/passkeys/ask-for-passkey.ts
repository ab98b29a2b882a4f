import type { PasskeyRequestOptions } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { Problem } from '../../../platform/http/index.ts';
import type { Deps } from '../../deps.ts';
import type { Owner } from '../sealed-credentials.ts';
import type { Place } from '../second-factor/attempts.ts';
import { CHALLENGE_SECONDS, issueChallenge } from './challenge.ts';
import { purposeAt } from './passkey-method.ts';
import { loadPasskeys } from './passkeys.repo.ts';
import { getRelyingParty } from './relying-party.ts';
import { describePasskeys } from './stored-passkey.ts';

/**
 * Asks somebody who is known for one of their passkeys: as second factor, or once more.
 *
 * @throws {Problem} `resource.not_found` where the account has none, `factors.passkeys_unavailable`
 */
export function askForPasskey(
  deps: Deps,
  owner: Owner,
  place: Pick<Place, 'at' | 'by'>,
): Promise<PasskeyRequestOptions> {
  const { id: rpId } = getRelyingParty(deps.config);
  const { userId, tenantId } = owner;
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const allowCredentials = describePasskeys(deps, owner, await loadPasskeys(tx, userId));
    if (allowCredentials.length === 0)
      throw new Problem('resource.not_found', { detail: 'This account has no passkey.' });
    const challenge = await issueChallenge(deps, tx, purposeAt(place), { userId, by: place.by });
    const timeout = CHALLENGE_SECONDS * 1000;
    return { challenge, timeout, rpId, allowCredentials, userVerification: 'required' };
  });
}
