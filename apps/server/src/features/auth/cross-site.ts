import type { FastifyRequest } from 'fastify';
import type { Config } from '../../config/index.ts';
import { isSameSecret, type Sealer } from '../../platform/crypto/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { SessionId } from '../../platform/ids.ts';
import { CONSOLE_CLIENT, type KnownClient } from '../clients/index.ts';

/**
 * Refuses a request that a page of a foreign origin made the browser send.
 *
 * A browser names the page's origin on every POST; a client that is no browser names none and carries nobody's cookies
 * by accident.
 *
 * @throws {Problem} `auth.origin_refused`
 */
export function checkOrigin(request: FastifyRequest, config: Config, client?: KnownClient): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined) {
    if (origin === config.publicUrl || originsOf(config, client).includes(origin)) return;
  } else if (site === undefined || site === 'same-origin' || site === 'none') {
    return;
  }
  throw new Problem('auth.origin_refused', {
    detail: `This page may not call here. Open Gatehouse at ${config.publicUrl}, or have the page's origin added to ALLOW_ORIGINS and to the client.`,
  });
}

/**
 * The origins whose pages may use a client's cookies, besides our own: the client's, or those of every front end where it
 * names none.
 *
 * SECURITY: not for the console. An app that may call from another origin must not thereby act as its administrator.
 */
function originsOf(config: Config, client: KnownClient | undefined): readonly string[] {
  if (client === undefined) return config.allowOrigins;
  return client.origins.length > 0 || client.clientId === CONSOLE_CLIENT
    ? client.origins
    : config.allowOrigins;
}

/** Whether a page of another origin than our own asks: then it matters which client's cookies it brings. */
export const isOfAnotherOrigin = ({ headers }: FastifyRequest, config: Config): boolean =>
  headers.origin !== undefined && headers.origin !== config.publicUrl;

/** The CSRF token of a session: derived, so that nothing is stored and every node knows it. */
export const csrfToken = (sealer: Sealer, sessionId: SessionId): string =>
  spell(sealer.mac('csrf', sessionId));

const spell = (mac: Buffer): string => mac.subarray(0, 24).toString('base64url');

export const CSRF_HEADER = 'x-csrf-token';

/** @throws {Problem} `auth.csrf_refused` */
export function checkCsrf(request: FastifyRequest, sealer: Sealer, sessionId: SessionId): void {
  const sent = request.headers[CSRF_HEADER];
  const isOurs = (mac: Buffer) => isSameSecret(Buffer.from(String(sent)), Buffer.from(spell(mac)));
  if (typeof sent === 'string' && sealer.macs('csrf', sessionId).some(isOurs)) return;
  throw new Problem('auth.csrf_refused', {
    detail:
      'Send the X-CSRF-Token that login, refresh and me answered with; after a reload, call refresh or me first.',
  });
}
