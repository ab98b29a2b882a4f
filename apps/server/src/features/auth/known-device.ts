import { isSameSecret, randomSecret, type Sealer } from '../../platform/crypto/index.ts';
import type { UserId } from '../../platform/ids.ts';

/**
 * The known-device cookie: `<device>.<tag>.<tag>…`, a random device id and for each account that signed in here a MAC over
 * both. A browser that holds the account's tag has five attempts of its own, so that strangers cannot lock the owner out.
 */
const ID = /^[A-Za-z0-9_-]{22}$/;
const MAX_ACCOUNTS = 5;

/** The account's tag on this device under each master key at hand, the one in use first. */
const tagsOf = (sealer: Sealer, device: string, userId: UserId): string[] =>
  sealer.macs('known device', device, userId).map((mac) => mac.subarray(0, 16).toString('base64url'));

/** The device id, when this browser is known for the account. */
export function knownDevice(
  sealer: Sealer,
  cookie: string | undefined,
  userId: UserId | undefined,
): string | undefined {
  const [device, ...tags] = (cookie ?? '').split('.');
  if (device === undefined || !ID.test(device) || userId === undefined) return undefined;
  const own = tagsOf(sealer, device, userId).map((tag) => Buffer.from(tag));
  const isOwn = (tag: string) => own.some((mine) => isSameSecret(Buffer.from(tag), mine));
  return tags.slice(0, MAX_ACCOUNTS).some(isOwn) ? device : undefined;
}

/** The cookie after the account signed in on this browser. */
export function rememberDevice(sealer: Sealer, cookie: string | undefined, userId: UserId): string {
  const [before, ...tags] = (cookie ?? '').split('.');
  const device = before !== undefined && ID.test(before) ? before : randomSecret(16).toString('base64url');
  const own = tagsOf(sealer, device, userId);
  const others = tags.filter((tag) => ID.test(tag) && !own.includes(tag));
  const kept = device === before ? others.slice(0, MAX_ACCOUNTS - 1) : [];
  return [device, ...own.slice(0, 1), ...kept].join('.');
}
