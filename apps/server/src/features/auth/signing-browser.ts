import type { FastifyRequest } from 'fastify';
import { DEVICE_COOKIE } from './cookies.ts';

/** What a browser that signs in brings along from earlier visits. It proves nothing by itself. */
export interface SigningBrowser {
  /** The known-device cookie, where the browser sent one. */
  deviceCookie: string | undefined;
}

export const browserOf = (request: FastifyRequest): SigningBrowser => ({
  deviceCookie: request.cookies[DEVICE_COOKIE],
});
