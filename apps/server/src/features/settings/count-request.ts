import type { TenantSettings } from '@gatehouse/contracts';
import type { FastifyReply } from 'fastify';
import type { Config } from '../../config/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import { limitHeaders } from '../../platform/limits/index.ts';
import type { Deps } from '../deps.ts';

type Tiers = Pick<Config, 'rateTierFree' | 'rateTierStandard' | 'rateTierEnterprise' | 'defaultRateTier'>;

/** Requests a minute that a tenant's signed-in callers have together; undefined where nobody limits them. */
function requestsPerMinute(config: Tiers, { tier, perMinute }: TenantSettings['rate']): number | undefined {
  if (perMinute !== null) return perMinute;
  switch (tier ?? config.defaultRateTier) {
    case 'free':
      return config.rateTierFree;
    case 'standard':
      return config.rateTierStandard;
    case 'enterprise':
      return config.rateTierEnterprise;
    default:
      return undefined;
  }
}

/**
 * Counts a request of a signed-in caller against the rate of the tenant that the session works in (spec T3), before anything is
 * decided: refused requests are requests as well.
 *
 * @throws {Problem} `rate.limited`
 */
export async function countRequest(
  deps: Pick<Deps, 'config' | 'tenantRules' | 'tenantRate'>,
  reply: FastifyReply,
  tenantId: TenantId,
): Promise<void> {
  const { rate } = await deps.tenantRules.get(tenantId);
  const perMinute = requestsPerMinute(deps.config, rate);
  if (perMinute === undefined) return;
  const { isLeft, remaining, secondsLeft } = await deps.tenantRate.spend(tenantId, perMinute);
  const headers = limitHeaders(perMinute, remaining, secondsLeft);
  reply.headers(headers);
  if (isLeft) return;
  throw new Problem('rate.limited', {
    detail: `The callers of your tenant have ${perMinute} requests a minute together.`,
    retryAfter: secondsLeft,
    headers,
  });
}
