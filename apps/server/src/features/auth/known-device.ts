import { isSameSecret, randomSecret, type Sealer } from '../../platform/crypto/index.ts';
import type { UserId } from '../../platform/ids.ts';

/**
 * The known-device cookie: `<device>.<tag>.<tag>…`, a random device id and for each account that signed in here a MAC over
 * both. A browser that holds the account's tag has five attempts of its own, so that strangers cannot lock the owner out.
 */
const ID = /^[A-Za-z0-9_-]{22}$/;
/** Five accounts, each with a tag for its password and one for its second factor. */
const MAX_TAGS = 10;

const FOR_PASSWORDS = 'known device';
const FOR_FACTORS = 'known device by second factor';

/** The account's tag on this device under each master key at hand, the one in use first. */
const tagsOf = (sealer: Sealer, purpose: string, ...of: [device: string, userId: UserId, factor?: string]) =>
  sealer.macs(purpose, ...(of as string[])).map((mac) => mac.subarray(0, 16).toString('base64url'));

/** The device id, when this browser is known for the account. */
export const knownDevice = (
  sealer: Sealer,
  cookie: string | undefined,
  userId: UserId | undefined,
): string | undefined =>
  userId && deviceWith(cookie, (device) => tagsOf(sealer, FOR_PASSWORDS, device, userId));

/**
 * The device id, when a second factor of the account was proved in this browser, and none was added since.
 *
 * SECURITY: its own tag. Whoever has the password while nothing else is asked for would else collect devices, and have five
 * guesses with each at the factor that the owner adds later (threat 36).
 */
export const knownByFactor = (
  sealer: Sealer,
  cookie: string | undefined,
  userId: UserId,
  newestFactor: string | undefined,
): string | undefined =>
  newestFactor && deviceWith(cookie, (device) => tagsOf(sealer, FOR_FACTORS, device, userId, newestFactor));

function deviceWith(cookie: string | undefined, ownTags: (device: string) => string[]): string | undefined {
  const [device, ...tags] = (cookie ?? '').split('.');
  if (device === undefined || !ID.test(device)) return undefined;
  const own = ownTags(device).map((tag) => Buffer.from(tag));
  const isOwn = (tag: string) => own.some((mine) => isSameSecret(Buffer.from(tag), mine));
  return tags.slice(0, MAX_TAGS).some(isOwn) ? device : undefined;
}

/**
 * The cookie after the account signed in on this browser.
 *
 * @param provedFactor the newest factor of the account, where this sign-in proved one.
 */
export function rememberDevice(
  sealer: Sealer,
  cookie: string | undefined,
  userId: UserId,
  provedFactor?: string,
): string {
  const [before, ...tags] = (cookie ?? '').split('.');
  const device = before !== undefined && ID.test(before) ? before : randomSecret(16).toString('base64url');
  const known = tagsOf(sealer, FOR_PASSWORDS, device, userId);
  const byFactor =
    provedFactor === undefined ? [] : tagsOf(sealer, FOR_FACTORS, device, userId, provedFactor);
  const own = [...known.slice(0, 1), ...byFactor.slice(0, 1)];
  const others = tags.filter((tag) => ID.test(tag) && !known.includes(tag) && !byFactor.includes(tag));
  const kept = device === before ? others.slice(0, MAX_TAGS - own.length) : [];
  return [device, ...own, ...kept].join('.');
}
