import type { FastifyRequest } from 'fastify';
import type { ServicePrincipal } from '../../platform/access/index.ts';
import { isSameSecret, sha256 } from '../../platform/crypto/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { servicePrincipal } from './authenticate-service.ts';

/** A secret that two control planes share: for what cannot get tokens yet (spec M2). Compatibility; tokens of five minutes are better. */
export const INTERNAL_TOKEN_HEADER = 'x-internal-token';

/**
 * The service that the shared secret stands for. Two values are good at a time, so that both sides can change theirs one after the
 * other. What it may are the roles of that service, as with a token.
 *
 * @throws {Problem} `auth.token_invalid`
 */
export async function authenticateInternal(
  deps: Pick<Deps, 'config' | 'serviceContexts' | 'tenantRules'>,
  request: FastifyRequest,
  presented: string | string[],
): Promise<ServicePrincipal> {
  const { internalToken, internalTokenPrevious, internalTokenService } = deps.config;
  const hash = sha256(String(presented));
  // SECURITY: both are compared, whichever is right, and hashes of one length, in constant time.
  const isKnown = [internalToken, internalTokenPrevious]
    .map((value) => value !== undefined && isSameSecret(sha256(value), hash))
    .includes(true);
  // Two ways of saying who calls would be judged as one, and acted on as the other.
  const { authorization, cookie } = request.headers;
  if (!isKnown || internalTokenService === undefined || authorization !== undefined || cookie !== undefined)
    throw invalidInternalToken();
  const context = await deps.serviceContexts.get(internalTokenService);
  // SECURITY: a client_id can be taken by any tenant; two control planes are the platform's.
  if (context?.tenant_id !== ROOT_TENANT) throw invalidInternalToken();
  return servicePrincipal(deps, context, undefined);
}

const invalidInternalToken = () =>
  new Problem('auth.token_invalid', {
    detail: 'The internal token is not one of those that count now, or came with another credential.',
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
