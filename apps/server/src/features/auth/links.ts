import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { Purpose } from '../../platform/one-time-tokens/index.ts';
import type { Deps } from '../deps.ts';

/** Of every mailed link that opens nothing the same is said: spent, expired, of another purpose, or never made. */
export const linkInvalid = () => new Problem('auth.link_invalid', { detail: 'Ask for a new link.' });

/** How long a link is good that proves an address. */
export const EMAIL_LINK_SECONDS = 24 * 3600;

const HOUR = 3600;
const LINKS_AN_HOUR = 10;

/**
 * SECURITY: whoever asks for a link has not proved that the mailbox is theirs: nobody's is filled by pressing a button.
 *
 * @throws {Problem} `rate.limited`
 */
export async function checkLinksLeft(
  deps: Pick<Deps, 'oneTimeTokens'>,
  tx: TenantTx,
  purpose: Purpose,
  userId: UserId,
): Promise<void> {
  if ((await deps.oneTimeTokens.countIssued(tx, purpose, userId, HOUR)) < LINKS_AN_HOUR) return;
  throw new Problem('rate.limited', {
    detail: `At most ${LINKS_AN_HOUR} links an hour are mailed to one person.`,
    retryAfter: HOUR,
  });
}
