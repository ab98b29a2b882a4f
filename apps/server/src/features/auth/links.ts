import { Problem } from '../../platform/http/index.ts';

/** Of every mailed link that opens nothing the same is said: spent, expired, of another purpose, or never made. */
export const linkInvalid = () => new Problem('auth.link_invalid', { detail: 'Ask for a new link.' });

/** How long a link is good that proves an address. */
export const EMAIL_LINK_SECONDS = 24 * 3600;

/**
 * How long a link is good that sets a new password, and the time in which the mails with such links to one address are counted.
 *
 * The two are one on purpose: while no further mail is left, the newest link is still good. Whoever asks for links in somebody
 * else's name keeps nobody from one.
 */
export const RESET_LINK_SECONDS = 30 * 60;
