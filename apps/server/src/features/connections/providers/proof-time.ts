import { ProviderFault } from './provider.ts';

/** Clocks are never the same. */
export const SKEW_MS = 120_000;

/**
 * When somebody proved who they are, by what a provider says: never later than now.
 *
 * SECURITY: a time to come would be recent for as long as it does.
 *
 * @throws {ProviderFault}
 */
export function provedAtOf(said: Date | undefined, now: Date): Date | undefined {
  if (said === undefined) return undefined;
  // What is no time at all is not before it either.
  if (!(said.getTime() <= now.getTime() + SKEW_MS))
    throw new ProviderFault('failed', 'it says that the person signed in at a time to come');
  return said > now ? now : said;
}

/**
 * Whether a provider has had somebody prove who they are after it was asked to.
 *
 * SECURITY: the request passes through the browser, where whoever sits there can take out what was asked; what is signed is the answer.
 */
export const isProvedSince = (provedAt: Date | undefined, asked: Date): provedAt is Date =>
  provedAt !== undefined && provedAt.getTime() >= asked.getTime() - SKEW_MS;
