import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config/index.ts';
import type { KnownClient } from '../clients/index.ts';

/** Refresh tokens travel to these paths and to no other. */
const REFRESH_PATH = '/api/v1/auth';
export const DEVICE_COOKIE = '__Host-gh.device';
/** Binds a sign-in that waits for its second factor to the browser that began it. */
export const PENDING_COOKIE = '__Host-gh.pending';
/** Binds what a browser was asked a passkey for, before anybody is known, to that browser. */
export const PASSKEY_COOKIE = '__Host-gh.passkey';
/** A browser that is asked for no second factor. */
export const REMEMBERED_COOKIE = '__Host-gh.remembered';
/** Binds a mail to sign in by to the browser that asked for it. */
export const MAIL_COOKIE = '__Host-gh.mail';
const DEVICE_DAYS = 365;

const accessNames = (clientId: string) => [`__Host-gh.${clientId}.at`, `__Secure-gh.${clientId}.at`] as const;
const refreshName = (clientId: string) => `__Secure-gh.${clientId}.rt`;

export interface AccessCookie {
  token: string;
  /** Spelt as for a client with a cookie domain, which cannot have `__Host-`: that forbids Domain (RFC 6265bis §4.1.3.2). */
  ofDomain: boolean;
}

/**
 * SECURITY: every sibling host can set a cookie that is `ofDomain`; for a client without a cookie domain it is not ours.
 */
export const readAccessCookie = (request: FastifyRequest, clientId: string): AccessCookie | undefined => {
  const [host, secure] = accessNames(clientId);
  const token = request.cookies[host] ?? request.cookies[secure];
  return token === undefined ? undefined : { token, ofDomain: request.cookies[host] === undefined };
};
/**
 * SECURITY: a sibling host can plant a second cookie of this name with a longer path, which browsers send first. Of two nobody
 * can say which is ours, so neither counts.
 */
export const readRefreshCookie = (request: FastifyRequest, clientId: string): string | undefined => {
  const name = refreshName(clientId);
  const sent = (request.headers.cookie ?? '')
    .split(';')
    .filter((pair) => pair.trimStart().startsWith(`${name}=`));
  return sent.length > 1 ? undefined : request.cookies[name];
};

export interface TokenCookies {
  /** Undefined in bearer mode, where the access token is in the body. */
  access: { token: string; seconds: number } | undefined;
  refresh: { token: string; seconds: number };
}

export function setTokenCookies(
  reply: FastifyReply,
  config: Config,
  client: KnownClient,
  cookies: TokenCookies,
): void {
  if (cookies.access) {
    const { name, options } = accessCookie(config, client);
    reply.setCookie(name, cookies.access.token, { ...options, maxAge: cookies.access.seconds });
  }
  reply.setCookie(refreshName(client.clientId), cookies.refresh.token, {
    ...refreshOptions(config, client),
    maxAge: cookies.refresh.seconds,
  });
}

export function clearTokenCookies(reply: FastifyReply, config: Config, client: KnownClient): void {
  const { name, options } = accessCookie(config, client);
  reply.setCookie(name, '', { ...options, maxAge: 0 });
  reply.setCookie(refreshName(client.clientId), '', { ...refreshOptions(config, client), maxAge: 0 });
}

/** A cookie of this host that goes with every app's requests and is none of their sessions. */
function setOwnCookie(reply: FastifyReply, name: string, value: string, maxAge: number): void {
  reply.setCookie(name, value, { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge });
}

export const setDeviceCookie = (reply: FastifyReply, value: string): void =>
  setOwnCookie(reply, DEVICE_COOKIE, value, DEVICE_DAYS * 86_400);

export const setPendingCookie = (reply: FastifyReply, value: string, seconds: number): void =>
  setOwnCookie(reply, PENDING_COOKIE, value, seconds);

export const clearPendingCookie = (reply: FastifyReply): void => setOwnCookie(reply, PENDING_COOKIE, '', 0);

/** Good for an hour: several tabs ask under the same one. */
export const setPasskeyCookie = (reply: FastifyReply, value: string): void =>
  setOwnCookie(reply, PASSKEY_COOKIE, value, 3600);

export const setMailCookie = (reply: FastifyReply, value: string, seconds: number): void =>
  setOwnCookie(reply, MAIL_COOKIE, value, seconds);

export const setRememberedCookie = (reply: FastifyReply, value: string, days: number): void =>
  setOwnCookie(reply, REMEMBERED_COOKIE, value, days * 86_400);

function accessCookie(
  config: Config,
  client: KnownClient,
): { name: string; options: CookieSerializeOptions } {
  const [host, secure] = accessNames(client.clientId);
  const base: CookieSerializeOptions = {
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: config.cookieSameSite,
  };
  return client.cookieDomain === null
    ? { name: host, options: base }
    : { name: secure, options: { ...base, domain: client.cookieDomain } };
}

function refreshOptions(config: Config, client: KnownClient): CookieSerializeOptions {
  return {
    path: REFRESH_PATH,
    httpOnly: true,
    secure: true,
    sameSite: client.tokenMode === 'bearer' ? config.refreshCookieSameSite : config.cookieSameSite,
  };
}
