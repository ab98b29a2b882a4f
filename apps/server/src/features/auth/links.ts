import { Problem } from '../../platform/http/index.ts';

/** Of every mailed link that opens nothing the same is said: spent, expired, of another purpose, or never made. */
export const linkInvalid = () => new Problem('auth.link_invalid', { detail: 'Ask for a new link.' });

/** Of an address that a mailed link has just proved, and that proved its way into another account before. */
export const addressInUse = () =>
  new Problem('users.email_in_use', {
    detail: 'This address signs in to another account already, and it enters one only; use another one.',
  });

/** How long a link is good that proves an address. */
export const EMAIL_LINK_SECONDS = 24 * 3600;

/**
 * How long a link is good that sets a new password, and the time in which the mails with such links to one address are counted.
 *
 * The two are one on purpose: while no further mail is left, the newest link is still good. Whoever asks for links in somebody
 * else's name keeps nobody from one.
 */
export const RESET_LINK_SECONDS = 30 * 60;

/** How long a mailed link or code is good that one signs in by, and the time in which such mails to one address are counted. */
export const MAIL_SIGN_IN_SECONDS = 10 * 60;
