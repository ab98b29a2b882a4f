import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomSecret, sha256 } from '../../../platform/crypto/index.ts';
import { MAIL_COOKIE, setMailCookie } from '../cookies.ts';
import { MAIL_SIGN_IN_SECONDS } from '../links.ts';

const FORM = /^[A-Za-z0-9_-]{43}$/;

export const readMailCookie = (request: FastifyRequest): string | undefined => {
  const value = request.cookies[MAIL_COOKIE];
  return value !== undefined && FORM.test(value) ? value : undefined;
};

/**
 * The same for several tabs. It says nothing but which browser it is: whether anything was mailed, and to whose account, cannot be
 * told from it.
 */
export function renewMailCookie(request: FastifyRequest, reply: FastifyReply): string {
  const value = readMailCookie(request) ?? randomSecret(32).toString('base64url');
  setMailCookie(reply, value, MAIL_SIGN_IN_SECONDS);
  return value;
}

export const hashOfCookie = (cookie: string): string => sha256(`mail ${cookie}`).toString('base64url');

/**
 * What a code is stored under: it takes the code, the address and the cookie of the browser that asked.
 *
 * SECURITY: without the cookie eight digits are nothing to guess at, here or in a copy of the database.
 */
export const secretOfCode = (cookie: string, emailKey: string, code: string): string =>
  sha256(`mail code ${cookie} ${code} ${emailKey}`).toString('base64url');
