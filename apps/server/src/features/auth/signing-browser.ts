import type { FastifyRequest } from 'fastify';
import { DEVICE_COOKIE, PASSKEY_COOKIE, PENDING_COOKIE, REMEMBERED_COOKIE } from './cookies.ts';

/** What a browser that signs in brings along from earlier visits. It proves nothing by itself. */
export interface SigningBrowser {
  /**
   * Whether a page asks, and not a program: browsers say so with each POST. Whoever answers a redirect of a browser, which may
   * say nothing, sets it.
   */
  isBrowser: boolean;
  userAgent: string;
  /** The known-device cookie, where the browser sent one. */
  deviceCookie: string | undefined;
  /** Of a sign-in that waits for its second factor in this browser. */
  pendingCookie: string | undefined;
  /** Of a browser that was asked for a passkey before anybody is known. */
  passkeyCookie: string | undefined;
  /** Of the accounts for which this browser is asked for no second factor. */
  rememberedCookie: string | undefined;
}

export const browserOf = (request: FastifyRequest): SigningBrowser => ({
  isBrowser: request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined,
  userAgent: request.headers['user-agent'] ?? '',
  deviceCookie: request.cookies[DEVICE_COOKIE],
  pendingCookie: request.cookies[PENDING_COOKIE],
  passkeyCookie: request.cookies[PASSKEY_COOKIE],
  rememberedCookie: request.cookies[REMEMBERED_COOKIE],
});
