import type { Logger } from 'pino';
import { sha1ForRangeService } from '../crypto/index.ts';
import { requestTextOfOperator } from '../http-client/index.ts';
import type { Counted } from '../metrics/index.ts';

/** Somebody waits for it, with a form in front of them. */
const PATIENCE_MS = 1500;

/** Asks a range service whether a password was ever in a breach. */
export interface BreachedPasswords {
  has(password: string): Promise<boolean>;
}

export const NO_BREACHED_PASSWORDS: BreachedPasswords = { has: async () => false };

/**
 * By k-anonymity, as Have I Been Pwned does it: the service is told the first five digits of the SHA-1 and answers all the rest
 * that it knows.
 *
 * SECURITY: neither the password nor its sum leaves, and padded answers keep their length from telling which range it was.
 * Where there is no answer in time the password is let through: whoever could take the service away would otherwise decide
 * whether anybody can have a new password. It is logged and counted.
 */
export function createBreachedPasswords({
  url,
  log,
  metrics,
}: {
  url: string;
  log: Pick<Logger, 'warn'>;
  metrics: Pick<Counted, 'breachLookup'>;
}): BreachedPasswords {
  return {
    async has(password) {
      const sum = sha1ForRangeService(password);
      try {
        const { status, text } = await requestTextOfOperator({
          method: 'GET',
          url: new URL(`${url.replace(/\/$/, '')}/${sum.slice(0, 5)}`),
          headers: { accept: 'text/plain', 'add-padding': 'true', 'user-agent': 'gatehouse' },
          timeoutMs: PATIENCE_MS,
        });
        if (status !== 200) throw new Error(`status ${status}`);
        const found = isListed(text, sum.slice(5));
        metrics.breachLookup(found ? 'breached' : 'clear');
        return found;
      } catch (error) {
        metrics.breachLookup('failed');
        log.warn(
          { err: error },
          'the service of breached passwords did not answer; the password was let through',
        );
        return false;
      }
    },
  };
}

/** Lines are `SUFFIX:COUNT`; padding has a count of 0. */
function isListed(text: string, suffix: string): boolean {
  const line = new RegExp(`^${suffix}:([0-9]+)\\s*$`, 'im').exec(text);
  return line !== null && Number(line[1]) > 0;
}
