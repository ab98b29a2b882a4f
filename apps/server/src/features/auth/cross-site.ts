import type { FastifyRequest } from 'fastify';
import type { Config } from '../../config/index.ts';
import { isSameSecret, type Sealer } from '../../platform/crypto/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { SessionId } from '../../platform/ids.ts';

/**
 * Refuses a request that a page of a foreign origin made the browser send.
 *
 * A browser names the page's origin on every POST; a client that is no browser names none and carries nobody's cookies
 * by accident.
 *
 * @throws {Problem} `auth.origin_refused`
 */
export function checkOrigin(
  request: FastifyRequest,
  config: Config,
  clientOrigins: readonly string[] = [],
): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined) {
    const allowed = clientOrigins.length > 0 ? clientOrigins : config.allowOrigins;
    if (origin === config.publicUrl || allowed.includes(origin)) return;
  } else if (site === undefined || site === 'same-origin' || site === 'none') {
    return;
  }
  throw new Problem('auth.origin_refused', {
    detail: `This page may not call here. Open Gatehouse at ${config.publicUrl}, or have the page's origin added to ALLOW_ORIGINS and to the client.`,
  });
}

/** The CSRF token of a session: derived, so that nothing is stored and every node knows it. */
export const csrfToken = (sealer: Sealer, sessionId: SessionId): string =>
  sealer.mac('csrf', sessionId).subarray(0, 24).toString('base64url');

export const CSRF_HEADER = 'x-csrf-token';

/** @throws {Problem} `auth.csrf_refused` */
export function checkCsrf(request: FastifyRequest, sealer: Sealer, sessionId: SessionId): void {
  const sent = request.headers[CSRF_HEADER];
  if (typeof sent === 'string' && isSameSecret(Buffer.from(sent), Buffer.from(csrfToken(sealer, sessionId))))
    return;
  throw new Problem('auth.csrf_refused', {
    detail:
      'Send the X-CSRF-Token that login, refresh and me answered with; after a reload, call refresh or me first.',
  });
}
