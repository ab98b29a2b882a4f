import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomSecret } from '../../platform/crypto/index.ts';

const COOKIE = '__Host-gh.sso';
const FORM = /^[A-Za-z0-9_-]{43}$/;

/** The cookie that binds what was begun at a provider to the browser that began it. */
export const readSignInCookie = (request: FastifyRequest): string | undefined => {
  const value = request.cookies[COOKIE];
  return value !== undefined && FORM.test(value) ? value : undefined;
};

/** The same for several tabs, each with an attempt of its own. Lax: it has to come along when the provider sends the browser back. */
export function setSignInCookie(request: FastifyRequest, reply: FastifyReply): string {
  const value = readSignInCookie(request) ?? randomSecret(32).toString('base64url');
  reply.setCookie(COOKIE, value, { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge: 3600 });
  return value;
}
